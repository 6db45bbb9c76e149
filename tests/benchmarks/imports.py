"""How long imports and first uses take in a fresh Python: ``python tests/benchmarks/imports.py``.

Wall time in the process itself, the best of some runs with the files in the disk cache.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib.metadata import version

RUNS = 5
CASES = (
    ("import temwidgets", "import temwidgets", "< 300 ms"),
    ("+ read an image", "import temwidgets as tw; tw.read(tw.examples.path('pt_atoms'))", ""),
    ("+ the analysis", "import temwidgets as tw; tw.find_columns, tw.fit_columns", ""),
    ("+ the widgets", "import temwidgets as tw; tw.explore, tw.Workspace", ""),
    (
        "+ an explorer, without a browser",
        "import temwidgets as tw; tw.explore(tw.examples.load('perovskite_trilayer'))",
        "",
    ),
)
CLOCK = """
import time
start = time.perf_counter()
{statement}
print(time.perf_counter() - start)
"""


def best(statement: str) -> float:
    """Return the shortest wall time in s of a statement in a fresh Python."""
    code = [sys.executable, "-W", "ignore", "-c", CLOCK.format(statement=statement)]
    return min(float(subprocess.check_output(code).split()[-1]) for _ in range(RUNS))


def main() -> None:
    """Measure and print."""
    names = ("temwidgets", "xarray", "jax", "ipywidgets")
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(", ".join(f"{name} {version(name)}" for name in names))
    print("| what | measured | aim |\n|---|---|---|")
    for what, statement, aim in CASES:
        print(f"| {what} | {1000 * best(statement):.0f} ms | {aim} |", flush=True)


if __name__ == "__main__":
    main()
