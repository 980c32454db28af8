import queue
import threading
from time import perf_counter as now

N = 5000

ping, pong = queue.Queue(), queue.Queue()


def play():
    while (item := ping.get()) is not None:
        pong.put(item)


other = threading.Thread(target=play)
other.start()
t = now()
for i in range(N):
    ping.put(i)
    pong.get()
print((now() - t) / N)
ping.put(None)
other.join()
