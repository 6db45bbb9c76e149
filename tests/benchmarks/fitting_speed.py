"""Speed and memory of the joint fit: ``python tests/benchmarks/fitting_speed.py``.

Times are wall seconds; the reference in the same run is one fit of each column by itself with
scipy's least squares, timed on 300 columns and scaled up.
"""

import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np

import temwidgets as tw

sys.path.insert(0, str(Path(__file__).parent))
from fitting_accuracy import one_by_one

FRESH = """
import time; begun = time.perf_counter()
import temwidgets as tw
image = tw.open_result({image!r}); columns = tw.open_result({columns!r})
tw.fit_columns(image, columns)
print(time.perf_counter() - begun)
"""


def main():
    packages = ", ".join(f"{name} {version(name)}" for name in ("jax", "numpy", "scipy"))
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(packages)
    if "--memory" in sys.argv:
        fit_large()
        return
    image, start = case((1024, 1024))
    first = timed(lambda: tw.fit_columns(image, start))
    warm = min(timed(lambda: tw.fit_columns(image, start)) for _ in range(3))
    image_fewer, fewer = case((1024, 1024), separation=16.6)
    other = timed(lambda: tw.fit_columns(image_fewer, fewer))
    few = start.isel(column=slice(0, 300))
    each = timed(lambda: one_by_one(image, few, "elliptical")) / 300
    count = start.sizes["column"]
    line("columns in 1024 x 1024", count)
    line("  first call in this process", first, "s")
    line("  warm", warm, "s")
    line("  warm, columns per second", count / warm)
    line(f"  another image, {fewer.sizes['column']} columns", other, "s")
    line("  the same over warm", other / warm, "x")
    line("  one by one (scipy) over warm", each * count / warm, "x")
    fresh(image, start)
    output = subprocess.run(
        [sys.executable, __file__, "--memory"], check=True, capture_output=True, text=True
    )
    print("".join(output.stdout.splitlines(keepends=True)[2:]), end="")


def fit_large():
    image, start = case((2048, 2048))
    tw.fit_columns(image, start)
    fitted = []
    warm = timed(lambda: fitted.append(tw.fit_columns(image, start)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    line("columns in 2048 x 2048", start.sizes["column"])
    line("  warm", warm, "s")
    line("  peak memory of the process", peak, "GB")
    columns = fitted[0]
    middle = int(columns["column"][columns.sizes["column"] // 2])
    place = (float(columns["y"].sel(column=middle)), float(columns["x"].sel(column=middle)))
    edited = tw.delete_columns(columns, [middle])
    tw.refit_columns(image, edited, around=[place])
    away = timed(lambda: tw.refit_columns(image, edited, around=[place]))
    moved = tw.move_columns(columns, [middle], place[0] + 0.5, place[1] - 0.5)
    there = timed(lambda: tw.refit_columns(image, moved, [middle]))
    line("  refit after deleting a column", away, "s")
    line("  refit after moving a column", there, "s")


def fresh(image, start):
    """First fit of a fresh process, without and with compilations kept from before."""
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: str(Path(folder) / f"{name}.nc") for name in ("image", "columns")}
        tw.save(paths["image"], image)
        tw.save(paths["columns"], start)
        environment = {**os.environ, "TEMWIDGETS_CACHE": str(Path(folder) / "cache")}
        for name in ("fresh process, import and first fit", "  with compilations kept"):
            done = subprocess.run(
                [sys.executable, "-c", FRESH.format(**paths)],
                env=environment,
                check=True,
                capture_output=True,
                text=True,
            )
            line(name, float(done.stdout), "s")


def case(shape, **options):
    image, truth = tw.synthetic.perovskite(shape, dose=200, seed=0, **options)
    start = truth[["y", "x"]].copy(deep=True)
    rng = np.random.default_rng(0)
    for name in ("y", "x"):
        start[name].values += rng.normal(0, 0.4, start.sizes["column"])
    return image, start


def timed(function):
    begun = time.perf_counter()
    function()
    return time.perf_counter() - begun


def line(name, value, unit=""):
    number = f"{value:,.0f}" if isinstance(value, int) or value > 1000 else f"{value:.2f}"
    print(f"{name:44}{number:>10} {unit}", flush=True)


if __name__ == "__main__":
    main()
