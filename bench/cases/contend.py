import threading
from time import perf_counter as now

TURNS = 2000000
lock, total = threading.Lock(), 0
turns = {}


def contend(me):
    global total
    mine = 0
    while total < TURNS:
        lock.acquire()
        total = total + 1
        lock.release()
        mine = mine + 1
    turns[me] = mine


threads = [threading.Thread(target=contend, args=(i,)) for i in range(2)]
t = now()
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
t = now() - t
print(total / t, 100 * min(turns.values()) / total)
