"""timed.py OUT COMMAND …: runs the command and writes {"wall", "cpu", "peakMb", "code"} of it and its children to OUT."""

import json
import resource
import subprocess
import sys
import time

out, *command = sys.argv[1:]
start = time.perf_counter()
code = subprocess.run(command, check=False).returncode
wall = time.perf_counter() - start
used = resource.getrusage(resource.RUSAGE_CHILDREN)
with open(out, "w", encoding="utf-8") as file:
    json.dump({"wall": wall, "cpu": used.ru_utime + used.ru_stime, "peakMb": used.ru_maxrss / 1024, "code": code}, file)
