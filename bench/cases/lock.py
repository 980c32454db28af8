import threading
from time import perf_counter as now

N = 2000000


def run():
    lock = threading.Lock()
    for _ in range(N):
        lock.acquire()
        lock.release()


t = now()
run()
print((now() - t) / N)
