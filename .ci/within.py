"""Run a command and stop it when it takes more memory than Binder gives, its children counted.

python .ci/within.py MEGABYTES COMMAND...
"""

import signal
import subprocess
import sys
import time
from pathlib import Path

PROC = Path("/proc")


def children(root):
    """Process ids of `root` and all that descends from it."""
    parent = {}
    for stat in PROC.glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        parent[int(stat.parent.name)] = int(fields[1])
    family = {root}
    while new := {pid for pid, up in parent.items() if up in family} - family:
        family |= new
    return family


def memory(pid):
    """Memory of a process in MB, its share of what it has in common with others."""
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def main():
    """Run the command; returns its exit code, or 1 if it was stopped."""
    limit, command = float(sys.argv[1]), sys.argv[2:]
    process = subprocess.Popen(command)
    most = 0.0
    while process.poll() is None:
        family = children(process.pid)
        most = max(most, sum(map(memory, family)))
        if most > limit:
            for pid in family:
                subprocess.run(["kill", f"-{signal.SIGKILL.value}", str(pid)], check=False)
            process.wait()
            break
        time.sleep(0.1)
    print(f"{most:.0f} MB at most; {limit:.0f} MB are given", file=sys.stderr)
    return 1 if most > limit else process.returncode


if __name__ == "__main__":
    sys.exit(main())
