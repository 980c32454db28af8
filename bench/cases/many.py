import threading
import time
from time import perf_counter as now

N = 10000
event, waiting = threading.Event(), []


def memory():
    with open("/proc/self/smaps_rollup") as f:
        for line in f:
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024


def wait():
    waiting.append(None)
    event.wait()


before = memory()
t = now()
threads = []
for _ in range(N):
    thread = threading.Thread(target=wait)
    threads.append(thread)
    thread.start()
while len(waiting) < N:
    time.sleep(0.001)
t = now() - t
each = (memory() - before) / N
start = now()
event.set()
for thread in threads:
    thread.join()
print(t + now() - start, each)
