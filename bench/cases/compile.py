# compile.py PROGRAM: programs of compile.lua, where an Array is a list, or a
# bytearray; seconds of processor time.
import math
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


def nbody(steps=20000):
    p = [0, 0, 0, 4.84, -1.16, -0.1, 8.34, 4.12, -0.4, 12.9, -15.1, -0.22,
         15.4, -25.9, 0.18]
    v = [0, 0, 0, 0.61, 2.81, -0.025, -1.01, 1.82, 0.008, 1.08, 0.87, -0.011,
         0.98, 0.59, -0.035]
    mass = [39.5, 0.038, 0.011, 0.0017, 0.002]
    n, dt = 5, 0.01
    for _ in range(steps):
        for i in range(n):
            a = 3 * i
            x, y, z = p[a], p[a + 1], p[a + 2]
            for j in range(i + 1, n):
                b = 3 * j
                dx, dy, dz = x - p[b], y - p[b + 1], z - p[b + 2]
                d2 = dx * dx + dy * dy + dz * dz
                mag = dt / (d2 * math.sqrt(d2))
                m = mass[j] * mag
                v[a] -= dx * m
                v[a + 1] -= dy * m
                v[a + 2] -= dz * m
                m = mass[i] * mag
                v[b] += dx * m
                v[b + 1] += dy * m
                v[b + 2] += dz * m
        for i in range(3 * n):
            p[i] += dt * v[i]
    return p[0]


def sieve(n=2000000):
    composite, count = bytearray(n + 1), 0
    for i in range(2, n + 1):
        if composite[i] == 0:
            count += 1
            for j in range(i * i, n + 1, i):
                composite[j] = 1
    return count


def fannkuch(n=9):
    p, q, s = ([*range(n + 2)] for _ in range(3))
    sign, most, total = 1, 0, 0
    while True:
        q0 = p[1]
        if q0 != 1:
            for i in range(2, n + 1):
                q[i] = p[i]
            flips = 1
            while True:
                qq = q[q0]
                if qq == 1:
                    total += sign * flips
                    most = max(most, flips)
                    break
                q[q0] = q0
                i, j = 2, q0 - 1
                while i < j:
                    q[i], q[j] = q[j], q[i]
                    i, j = i + 1, j - 1
                q0 = qq
                flips += 1
        if sign == 1:
            p[1], p[2] = p[2], p[1]
            sign = -1
            continue
        p[2], p[3] = p[3], p[2]
        sign = 1
        for i in range(3, n + 1):
            if s[i] != 1:
                s[i] -= 1
                break
            if i == n:
                return total, most
            s[i] = i
            t = p[1]
            for j in range(1, i + 1):
                p[j] = p[j + 1]
            p[i + 1] = t


def spectral(n=240):
    def entry(i, j):
        ij = i + j - 1
        return 1.0 / (ij * (ij - 1) * 0.5 + i)

    def times(x, y):
        for i in range(1, n + 1):
            a = 0
            for j in range(1, n + 1):
                a += x[j] * entry(i, j)
            y[i] = a

    def times_transposed(x, y):
        for i in range(1, n + 1):
            a = 0
            for j in range(1, n + 1):
                a += x[j] * entry(j, i)
            y[i] = a

    u, v, t = [1.0] * (n + 1), [0.0] * (n + 1), [0.0] * (n + 1)
    for _ in range(10):
        times(u, t)
        times_transposed(t, v)
        times(v, t)
        times_transposed(t, u)
    vbv = vv = 0
    for i in range(1, n + 1):
        vbv += u[i] * v[i]
        vv += v[i] * v[i]
    return math.sqrt(vbv / vv)


def matmul(n=160):
    a, b, c = [0.5] * (n * n), [0.5] * (n * n), [0.0] * (n * n)
    for i in range(n):
        for j in range(n):
            total = 0
            for k in range(n):
                total += a[i * n + k] * b[k * n + j]
            c[i * n + j] = total
    return c[0]


filled = [0.5] * 4000000


def sum(a=filled):
    s = 0
    for i in range(len(a)):
        s = s + a[i]
    return s


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
    return best, longest


t = time.thread_time()
globals()[sys.argv[1]]()
print(time.thread_time() - t)
