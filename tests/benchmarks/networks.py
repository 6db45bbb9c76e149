"""Columns by a network against peaks: by noise and spacing, of monolayers, with lost pixels; speed.

python tests/benchmarks/networks.py [images]
"""

import os
import platform
import resource
import sys
import time

import numpy as np

import temwidgets as tw
from temwidgets.networks.evaluation import finders


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
    table(images)


if __name__ == "__main__":
    main()
