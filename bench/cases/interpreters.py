# interpreters.py KIND ...: what the interp and crossqueue programs measure,
# with CPython's interpreters, of 3.13 or later.
import os
import sys
import threading
from time import perf_counter as now

try:
    from concurrent import interpreters
    create_queue = interpreters.create_queue
    queues_module = "concurrent.interpreters"
except ImportError:
    from test.support import interpreters
    from test.support.interpreters import queues
    create_queue = queues.create
    queues_module = "test.support.interpreters.queues"

KIND = sys.argv[1]


def thread(i, code):
    t = threading.Thread(target=i.exec, args=(code,))
    t.start()
    return t


def create(**names):
    i = interpreters.create()
    i.exec("import " + queues_module)
    i.prepare_main(**names)
    return i


def start():
    n = 20

    def run(n):
        for _ in range(n):
            i = interpreters.create()
            thread(i, "pass").join()
            i.close()

    run(2)
    t = now()
    run(n)
    print((now() - t) / n)


def memory_used():
    with open("/proc/self/smaps_rollup") as f:
        for line in f:
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024


def memory():
    n = 20
    ready, never = create_queue(), create_queue()

    def start():
        i = create(ready=ready, never=never)
        t = threading.Thread(target=i.exec, daemon=True,
                             args=("ready.put(1)\nnever.get()",))
        t.start()
        ready.get()
        return i, t

    everything = [start()]
    before = memory_used()
    for _ in range(n):
        everything.append(start())
    print((memory_used() - before) / n, flush=True)
    os._exit(0)


def call():
    n = 20000
    i = interpreters.create()

    def nothing():
        pass

    def run(n):
        for _ in range(n):
            i.call(nothing)

    run(100)
    t = now()
    run(n)
    print((now() - t) / n, flush=True)
    os._exit(0)


LOOPS = {
    "numbers": (4000000, """
def loop(n):
    x = 0
    for i in range(n):
        x = (5 * x + i) % 1000003
    return x
"""),
    "tables": (2000000, """
def loop(n):
    total = 0
    for i in range(n):
        t = {1: i, 2: i + 1, "name": f"name{i % 1000}"}
        total += len(t["name"]) + len(t)
    return total
"""),
}


def cores():
    n, (turns, loop) = int(sys.argv[2]), LOOPS[sys.argv[3]]
    ready, go, threads = create_queue(), create_queue(), []
    for _ in range(n):
        i = create(ready=ready, go=go)
        threads.append(thread(i, loop + f"""
loop({turns // 10})
ready.put(1)
go.get()
loop({turns})
"""))
    for _ in range(n):
        ready.get()
    t = now()
    for _ in range(n):
        go.put(1)
    for t_ in threads:
        t_.join()
    print(n * turns / (now() - t), flush=True)
    os._exit(0)


ITEMS = {
    "integers": (200000, "i"),
    "records": (50000, "{'id': i, 'name': 'name', 'ok': True}"),
    "tables": (5000, "numbers"),
}


def queue():
    n, item = ITEMS[KIND]
    q = create_queue(1000)
    i = create(q=q)
    t = now()
    producer = thread(i, f"""
numbers = [i + 0.5 for i in range(1000)]
for i in range({n}):
    q.put({item})
""")
    for _ in range(n):
        q.get()
    print(n / (now() - t), flush=True)
    producer.join()
    os._exit(0)


def floats():
    ready, q = create_queue(), create_queue()
    numbers = [i + 0.5 for i in range(1000000)]
    i = create(ready=ready, q=q)
    there = thread(i, "ready.put(1)\nready.put(len(q.get()))")
    ready.get()
    t = now()
    q.put(numbers)
    there.join()
    print(now() - t, flush=True)
    os._exit(0)


{"start": start, "memory": memory, "call": call, "cores": cores,
 "floats": floats}.get(KIND, queue)()
