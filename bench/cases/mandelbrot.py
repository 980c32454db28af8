# mandelbrot.py plain|numpy
import sys
import time

WIDTH, HEIGHT, TURNS = 300, 200, 200


def with_numpy(np):
    x, y = np.meshgrid(3.0 * np.arange(WIDTH) / WIDTH - 2.1,
                       2.0 * np.arange(HEIGHT) / HEIGHT - 1)
    c = (x + 1j * y).ravel()
    z = np.zeros_like(c)
    total = 0
    for _ in range(TURNS):
        inside = z.real * z.real + z.imag * z.imag <= 4
        z, c = z[inside], c[inside]
        total += len(z)
        z = z * z + c
    return total


def plain():
    total = 0
    for j in range(HEIGHT):
        for i in range(WIDTH):
            cx, cy = 3.0 * i / WIDTH - 2.1, 2.0 * j / HEIGHT - 1
            x = y = 0.0
            n = 0
            while n < TURNS and x * x + y * y <= 4:
                x, y = x * x - y * y + cx, 2 * x * y + cy
                n += 1
            total += n
    return total


if sys.argv[1] == "numpy":
    import numpy

t = time.perf_counter()
with_numpy(numpy) if sys.argv[1] == "numpy" else plain()
print(time.perf_counter() - t)
