# processpool.py submit | map: as submit.lua and poolmap.lua.
import sys
from concurrent.futures import ProcessPoolExecutor
from time import perf_counter as now


def empty():
    pass


def submit(pool, n=2000):
    for _ in range(n):
        pool.submit(empty).result()
    return n


def map_small(pool, n=100000):
    assert sum(pool.map(abs, range(n), chunksize=100)) == n * (n - 1) // 2
    return n


if __name__ == "__main__":
    what = sys.argv[1]
    with ProcessPoolExecutor(1 if what == "submit" else 2) as pool:
        pool.submit(empty).result()
        t = now()
        n = (submit if what == "submit" else map_small)(pool)
        used = now() - t
        print(used / n if what == "submit" else n / used)
