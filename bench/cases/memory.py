import os
import threading
import time

N = 500
asleep = []


def memory():
    with open("/proc/self/smaps_rollup") as f:
        for line in f:
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024


def nap():
    asleep.append(None)
    time.sleep(60)


def start():
    threading.Thread(target=nap, daemon=True).start()


start()
before = memory()
for _ in range(N):
    start()
while len(asleep) <= N:
    time.sleep(0.01)
time.sleep(0.05)
print((memory() - before) / N, flush=True)
os._exit(0)
