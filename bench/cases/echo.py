import os
import sys

os.execv("build/bench/client", [
    "client", "requests", "1", sys.argv[1], sys.executable,
    "bench/cases/echoserver.py", sys.argv[2]])
