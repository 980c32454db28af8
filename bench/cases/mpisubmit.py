# See mpisubmit.lua.
import time

from mpi4py.futures import MPIPoolExecutor

CALLS, ITEMS, CHUNK = 2000, 100000, 250


def add_one(x):
    return x + 1


def submit(pool):
    for i in range(CALLS):
        pool.submit(add_one, i).result()


def map_all(pool, items):
    return sum(pool.map(add_one, items, chunksize=CHUNK))


def main():
    items = list(range(1, ITEMS + 1))
    with MPIPoolExecutor() as pool:
        submit(pool)
        start = time.perf_counter()
        submit(pool)
        taken = (time.perf_counter() - start) / CALLS
        map_all(pool, items)
        start = time.perf_counter()
        map_all(pool, items)
        print(taken, ITEMS / (time.perf_counter() - start))


if __name__ == "__main__":
    main()
