import threading
from time import perf_counter as now

N = 2000000


def run():
    lock = threading.RLock()
    lock.acquire()
    for _ in range(N):
        lock.acquire()
        lock.release()


t = now()
run()
print((now() - t) / N)
