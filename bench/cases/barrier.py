import threading
from time import perf_counter as now

THREADS, N = 100, 100
barrier = threading.Barrier(THREADS + 1)


def meet():
    for _ in range(N):
        barrier.wait()


threads = [threading.Thread(target=meet) for _ in range(THREADS)]
for thread in threads:
    thread.start()
barrier.wait()
t = now()
for _ in range(1, N):
    barrier.wait()
t = now() - t
for thread in threads:
    thread.join()
print(t / (N - 1))
