import threading
from time import perf_counter as now

N = 2000


def nothing():
    pass


def run(n):
    for _ in range(n):
        t = threading.Thread(target=nothing)
        t.start()
        t.join()


run(100)
t = now()
run(N)
print((now() - t) / N)
