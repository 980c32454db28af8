# elements.py: elements of an array.array.
import array
from time import perf_counter as now

N, ROUNDS = 1000, 1000


def read(a):
    for _ in range(ROUNDS):
        for i in range(N):
            x = a[i]
    return x


def write(a):
    for _ in range(ROUNDS):
        for i in range(N):
            a[i] = 0.5


def best(fn, a):
    least = float("inf")
    for _ in range(5):
        t = now()
        fn(a)
        least = min(least, now() - t)
    return least / (N * ROUNDS)


a = array.array("d", bytes(8 * N))
print(best(read, a), best(write, a))
