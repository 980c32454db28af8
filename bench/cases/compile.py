# compile.py PROGRAM: programs of compile.lua; seconds of processor time.
import sys
import time


def xor():
    x = 0
    for _ in range(20000000):
        x = x ^ 1
    return x


def mandelbrot(w=240, h=160, turns=200):
    total = 0
    for j in range(h):
        for i in range(w):
            cx, cy = 3.0 * i / w - 2.1, 2.0 * j / h - 1
            x, y, n = 0.0, 0.0, 0
            while n < turns and x * x + y * y <= 4:
                x, y = x * x - y * y + cx, 2 * x * y + cy
                n += 1
            total += n
    return total


def fib(n=27):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def collatz():
    best, longest = 1, 1
    for start in range(1, 60001):
        n, length = start, 1
        while n != 1:
            n = n // 2 if n % 2 == 0 else 3 * n + 1
            length += 1
        if length > longest:
            best, longest = start, length
    return best


t = time.thread_time()
globals()[sys.argv[1]]()
print(time.thread_time() - t)
