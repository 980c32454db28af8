import queue
import sys
import threading
from time import perf_counter as now

kind, n = sys.argv[1], int(sys.argv[2])
ITEMS = 400000 // n  # of each producer

q = getattr(queue, kind)()


def produce():
    for i in range(ITEMS):
        q.put(i)


def consume():
    for _ in range(ITEMS):
        q.get()


threads = [threading.Thread(target=f) for f in [consume, produce] * n]
t = now()
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(ITEMS * n / (now() - t))
