import os
import threading
import time

SECONDS = 0.5


def loop():
    x = 0
    while True:
        x = x ^ 1


for _ in range(len(os.sched_getaffinity(0))):
    threading.Thread(target=loop, daemon=True).start()
time.sleep(0.05)
wall, cpu = time.perf_counter(), time.process_time()
time.sleep(SECONDS)
cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
print(100 * cpu / wall)
