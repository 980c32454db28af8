import sys
import threading
from time import perf_counter as now

N = 5000


def condition():
    cond, turn = threading.Condition(), 1

    def take(me):
        nonlocal turn
        with cond:
            while turn != me:
                cond.wait()
            turn = 3 - me
            cond.notify()

    return take


def event():
    events = {1: threading.Event(), 2: threading.Event()}
    events[1].set()

    def take(me):
        events[me].wait()
        events[me].clear()
        events[3 - me].set()

    return take


def semaphore():
    sems = {1: threading.Semaphore(1), 2: threading.Semaphore(0)}

    def take(me):
        sems[me].acquire()
        sems[3 - me].release()

    return take


kinds = {"Condition": condition, "Event": event, "Semaphore": semaphore}
turn = kinds[sys.argv[1]]()


def play(me):
    for _ in range(N):
        turn(me)


other = threading.Thread(target=play, args=(2,))
t = now()
other.start()
play(1)
other.join()
print((now() - t) / N)
