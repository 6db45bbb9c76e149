"""Peak memory of a virtual 20 GB stack, frame by frame: in this process, and on two workers.

python tests/benchmarks/cluster.py [GIGABYTES]
"""

import resource
import sys
import time

import dask.array as da
import numpy as np
from distributed import Client, LocalCluster

import temwidgets as tw

SIDE = 2048


def draw(block_id=None):
    """Make one frame, different from the others."""
    rng = np.random.default_rng(block_id[0])
    y, x = np.arange(SIDE, dtype=np.float32)[:, None], np.arange(SIDE, dtype=np.float32)
    frame = rng.standard_normal((1, SIDE, SIDE), np.float32)
    return 20 * frame + 100 * (2 + np.cos(x * np.float32(0.55)) + np.cos(y * np.float32(0.65)))


def smaller(image):
    """Average pixels: little comes back for a whole frame."""
    return tw.bin_pixels(image, 16)


def virtual(gigabytes):
    """Return a stack that is drawn when it is looked at."""
    frames = int(np.ceil(gigabytes * 1e9 / (SIDE * SIDE * 4)))
    values = da.map_blocks(
        draw, chunks=((1,) * frames, (SIDE,), (SIDE,)), dtype=np.float32,
        meta=np.empty((0, 0, 0), np.float32),
    )  # fmt: skip
    return tw.make_image(values, sampling=0.02)


def peak():
    """Return the largest resident memory so far, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def main(gigabytes):
    """Print time and memory."""
    stack = virtual(gigabytes)
    print(f"{stack.nbytes / 1e9:.1f} GB, {stack.sizes['frame']} frames, {peak():.2f} GB before")
    begun = time.perf_counter()
    here = tw.each_frame(smaller, stack)
    print(f"one process: {time.perf_counter() - begun:.0f} s, peak {peak():.2f} GB", flush=True)
    with LocalCluster(n_workers=2, threads_per_worker=1) as cluster, Client(cluster) as client:
        begun = time.perf_counter()
        there = tw.each_frame(smaller, stack, scheduler=client)
        peaks = ", ".join(f"{p:.2f}" for p in client.run(peak).values())
        print(f"two workers: {time.perf_counter() - begun:.0f} s, peak {peaks} GB")
    assert here.stacked().identical(there.stacked())


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 20.0)
