import threading
import time
from time import perf_counter as now

N, NAP = 100, 0.002


def loop():
    x = 0
    while True:
        x = x ^ 1


threading.Thread(target=loop, daemon=True).start()
time.sleep(0.05)
late = []
for _ in range(N):
    t = now()
    time.sleep(NAP)
    late.append(now() - t - NAP)
late.sort()
print(late[N // 2 - 1], late[N * 99 // 100 - 1])
