from concurrent.futures import ThreadPoolExecutor
from time import perf_counter as now

N = 5000


def empty():
    pass


with ThreadPoolExecutor(max_workers=1) as pool:
    t = now()
    for _ in range(N):
        pool.submit(empty).result()
    print((now() - t) / N)
