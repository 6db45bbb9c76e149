"""A large image from finding to the lattice: time, greatest memory, and seams.

python tests/benchmarks/large_image.py [side]
"""

import os
import platform
import resource
import sys
import time

import numpy as np

import temwidgets as tw
from temwidgets.analysis import tiling

SPACING = 11.5  # px; 500,000 columns in 8192 x 8192 px
DOSE = 100.0


def memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def measured(name, function):
    began = time.perf_counter()
    result = function()
    print(f"{name:16} {time.perf_counter() - began:7.1f} s, {memory():5.2f} GB", flush=True)
    return result


def at_seams(image, columns):
    """Tell columns within two spacings of a line between tiles."""
    near = np.zeros(columns.sizes["column"], bool)
    for tile in tiling.tiles(image.shape):
        for name, part in zip("yx", tile.core, strict=True):
            near |= np.abs(columns[name].values - (part.start - 0.5)) < 2 * SPACING
    return near


def main():
    side = int(sys.argv[1]) if len(sys.argv) > 1 else 8192
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    image, truth = measured(
        "make",
        lambda: tw.synthetic.hexagonal((side, side), separation=SPACING, dose=DOSE, seed=1),
    )
    print(f"{side} x {side} px, {truth.sizes['column']} columns")
    found = measured("find_columns", lambda: tw.find_columns(image))
    fitted = measured("fit_columns", lambda: tw.fit_columns(image, found))
    score = tw.score_columns(fitted, truth, radius=0.35 * SPACING)
    print(f"precision {float(score['precision']):.5f}, recall {float(score['recall']):.5f}")
    pairs = tw.match_columns(fitted, truth, radius=0.35 * SPACING)
    here, there = (
        columns.sel(column=pairs[name].values)
        for columns, name in ((fitted, "found"), (truth, "true"))
    )
    inner = (there["y"] > 20) & (there["y"] < side - 20)
    inner &= (there["x"] > 20) & (there["x"] < side - 20)
    seam = at_seams(image, here) & inner.values
    for name, part in (("at seams", seam), ("elsewhere", ~seam & inner.values)):
        for axis in "yx":
            pull = ((here[axis].values - there[axis].values) / here[f"{axis}_std"].values)[part]
            print(
                f"{name}, {part.sum()} columns, {axis}: pull {np.nanmean(pull):+.4f}"
                f" +- {np.nanstd(pull):.3f}, lost {np.isnan(pull).sum()}"
            )
    measured("fit_lattice", lambda: tw.fit_lattice(fitted))
    measured("residual_image", lambda: tw.residual_image(fitted, image))


if __name__ == "__main__":
    main()
