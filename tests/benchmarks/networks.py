"""Columns by a network against peaks: by noise and spacing, of monolayers, with lost pixels; speed.

python tests/benchmarks/networks.py [images]
"""

import os
import platform
import resource
import sys
import time
from itertools import pairwise

import numpy as np
from scipy.ndimage import map_coordinates
from scipy.spatial import KDTree

import temwidgets as tw
from temwidgets.networks.evaluation import TOLERANCE, finders


def place(columns):
    return np.column_stack([columns["y"].values, columns["x"].values])


def table(images):
    """Print F1 over levels and spacings of images of every kind."""
    found = tw.networks.evaluate(images=images)
    for name, over in (("level", "spacing"), ("spacing", "level")):
        print(f"\nF1 by {name}, mean over {over}s, {images} images each")
        print(f"{'':14}", *(f"{v:7g}" for v in found[name].values))
        for finder in found["finder"].values:
            row = found["f1"].sel(finder=finder).mean(over).values
            print(f"{finder:14}", *(f"{v:7.3f}" for v in row))


def by_contrast(images):
    """Print F1 by how far columns stand out from the lowest point on the way to their neighbours.

    The height of a column alone says little where columns overlap: two of sigma 0.34 spacings
    leave a dip of a third, and more neighbours fill it.
    """
    limits, spacings = (0.0, 0.35, 0.7, 1.0, 1.4, 2.0, 2.8, 6.0), (8.0, 12.0, 20.0, 40.0)
    rows = []
    for level in (4.0, 2.8, 2.0, 1.4, 1.0, 0.7):
        for spacing in spacings:
            for number in range(images):
                (image, truth), (clean, _) = (_made(number, spacing, v) for v in (level, 1e5))
                if truth.sizes["column"] < 4:
                    continue
                stands = _stands_out(clean, place(truth)) / np.std(image - clean)
                found = tw.find_columns(tw.make_image(image), method="network")
                score = tw.score_columns(found, truth, radius=TOLERANCE * spacing)
                rows.append((stands, spacing, float(score["f1"])))
    rows = np.array(rows)
    print("\nF1 of the network by what columns stand out over noise; by spacing", *spacings)
    for low, high in pairwise(limits):
        some = rows[(rows[:, 0] >= low) & (rows[:, 0] < high)]
        if len(some):
            parts = [some[some[:, 1] == s, 2] for s in spacings]
            told = " ".join(f"{p.mean():6.3f}" if p.size else "     -" for p in parts)
            print(f"{low:4g} to {high:4g} {some[:, 2].mean():6.3f} of {len(some):3} images; {told}")


def _made(number, spacing, level):
    """Image of one scene at a level of noise, and the columns in it."""
    made = tw.synthetic.training_image(
        np.random.SeedSequence([77, number]), (256, 240), spacing=(spacing, spacing),
        snr=(level, level), missing=(0, 0), empty=0.0, contrast="bright",
    )  # fmt: skip
    inside = ((made.columns >= 0) & (made.columns <= np.array(made.image.shape) - 1)).all(axis=1)
    return made.image, tw.make_columns(*made.columns[inside].T, units="px")


def _stands_out(clean, at):
    """Median height of columns over the lowest point on the way to four neighbours."""
    near = KDTree(at).query(at, k=min(5, len(at)))[1][:, 1:]
    top = map_coordinates(clean, at.T, order=1, mode="nearest")
    lowest = []
    for k in range(near.shape[1]):
        way = [at + (at[near[:, k]] - at) * share for share in np.linspace(0.3, 0.7, 9)]
        lowest.append(
            np.min([map_coordinates(clean, w.T, order=1, mode="nearest") for w in way], 0)
        )
    return float(np.median(top - np.mean(lowest, axis=0)))


def monolayers(images):
    """Print F1 of honeycombs and close-packed layers at low dose, the spacing unknown."""
    print("\nmonolayers, counts at a column; spacing 8 to 40 px; F1")
    print(f"{'dose':>6} {'peak SNR':>9}", *(f"{n:>9}" for n in finders()), " lost 30 %")
    for dose in (1.5, 3.0, 6.0, 12.0, 50.0):
        rows = {name: [] for name in (*finders(), "lost")}
        for k in range(images):
            for spacing in (8.0, 14.0, 24.0, 40.0):
                maker = tw.synthetic.honeycomb if k % 2 else tw.synthetic.hexagonal
                image, truth = maker((256, 240), separation=spacing, dose=dose, seed=50 + k)
                known = np.random.default_rng(k).random(image.shape) > 0.3
                for name, find in finders().items():
                    rows[name].append(_score(find(image), truth, spacing))
                found = finders()["network"](image.where(known))
                rows["lost"].append(_score(found, truth, spacing))
        snr = dose / np.sqrt(1.25 * dose)
        means = (float(tw.pool_scores(r)["f1"]) for r in rows.values())
        print(f"{dose:6g} {snr:9.2f}", *(f"{m:9.3f}" for m in means), flush=True)


def _score(found, truth, spacing):
    return tw.score_columns(found, truth, radius=0.35 * spacing)


def vacancies():
    """Print how many of the vacant sites are filled."""
    print("\nvacant sites filled, of all (5 % vacant, 14 px apart)")
    for dose in (3.0, 10.0, 30.0, 100.0):
        filled = sites = 0
        for seed in range(6):
            image, truth = tw.synthetic.hexagonal(
                (256, 240), separation=14.0, dose=dose, vacancies=0.05, seed=seed
            )
            gone = np.column_stack([truth.attrs["vacancy_y"], truth.attrs["vacancy_x"]])
            inside = ((gone > 4) & (gone < np.array(image.shape) - 5)).all(axis=1)
            found = place(tw.find_columns(image, method="network"))
            near = [np.hypot(*(found - at).T).min() < 5 for at in gone[inside]]
            filled, sites = filled + int(np.sum(near)), sites + len(near)
        print(f"dose {dose:5g}: {filled} of {sites}")


def empty():
    """Print how many columns are found where none are."""
    counts = []
    for seed in range(20):
        made = tw.synthetic.training_image(seed, (256, 240), empty=1.0)
        image = tw.make_image(np.where(made.known, made.image, np.nan))
        counts.append(tw.find_columns(image, method="network").sizes["column"])
    print("\ncolumns found in 20 images of nothing:", sum(counts), "most in one:", max(counts))


def speed():
    """Print the time of the network, and of everything, after a first call."""
    from temwidgets.networks.filtering import input_channels
    from temwidgets.networks.prediction import predict
    from temwidgets.networks.tiles import apply

    network = tw.networks.load("default")
    for size, spacing in ((800, 20.0), (2048, 20.0)):
        image, _ = tw.synthetic.hexagonal((size, size), separation=spacing, dose=20.0)
        channels = input_channels(image.values)
        rows = {
            "network alone, every pixel": lambda c=channels: apply(network.model, c),
            "network, spacing known": lambda i=image, s=spacing: predict(
                network, i.values, spacings=(s,)
            ),
            "find_columns": lambda i=image: tw.find_columns(i, method="network"),
        }
        for name, function in rows.items():
            function()
            times = []
            for _ in range(3):
                began = time.perf_counter()
                function()
                times.append(time.perf_counter() - began)
            print(f"{size:5d}  {name:30} {1000 * min(times):8.0f} ms", flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"peak memory of the process {peak:.2f} GB")


def main():
    images = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    speed()
    monolayers(max(2, images))
    vacancies()
    empty()
    by_contrast(2 * images)
    table(images)


if __name__ == "__main__":
    main()
