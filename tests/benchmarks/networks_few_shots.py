"""Few shots: F1 of a network retrained on ten pairs, against peaks on the image without noise.

python tests/benchmarks/networks_few_shots.py [steps]
"""

import sys
import time

import numpy as np

import temwidgets as tw
from temwidgets.networks.pairs import make_pair
from temwidgets.synthetic import Site

SAMPLING = 0.02
STRUCTURES = {
    # three times as long as wide, turned by 90 degrees from one to the next
    "crossed columns": (
        ((0, 0.32), (0.32, 0)),
        [Site(0, 0, 1, 0.12, 0.04), Site(0.5, 0.5, 1, 0.12, 0.04, theta=90)],
    ),
    # bright columns with faint partners on one side, in a wide oblique cell
    "faint partners": (
        ((0.06, 0.46), (0.40, 0)),
        [Site(0, 0, 1, 0.055, 0.05), Site(0.30, 0.12, 0.3, 0.045, 0.04)],
    ),
}
RADIUS = 0.06  # nm: half the distance of partners


def image_of(name, seed, dose, shape=(128, 128)):
    (a, b), sites = STRUCTURES[name]
    return tw.synthetic.lattice_image(
        shape, a, b, sites, dose=dose, seed=seed, sampling=SAMPLING, background=0.3,
        rotation=13.0 * seed,
    )  # fmt: skip


def score(found, truth):
    return tw.score_columns(found, truth, radius=RADIUS)


def best_of_peaks(image, truth):
    """F1 of peaks with the best of several separations and thresholds: nobody can do so well."""
    tried = []
    for separation in (None, 0.1, 0.13, 0.2):
        found = tw.find_candidates(image, separation=separation)
        tried += [
            float(score(tw.apply_threshold(found, cut), truth)["f1"])
            for cut in np.linspace(0, 0.9, 19)
        ]
    return max(tried)


def main():
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    for name in STRUCTURES:
        pairs = [make_pair(*image_of(name, seed, (3, 5, 10)[seed % 3])) for seed in range(10)]
        began = time.perf_counter()
        trained = tw.networks.train(pairs, start="default", steps=steps)
        took = time.perf_counter() - began
        print(f"{name}, {steps} steps on ten pairs of 128 x 128 px in {took:.0f} s; F1")
        for dose in (3, 5, 10):
            tests = [image_of(name, seed, dose, (200, 240)) for seed in (77, 78, 79)]
            clean = [image_of(name, seed, 1e7, (200, 240)) for seed in (77, 78, 79)]
            rows = {
                "default": [score(find(i), t) for i, t in tests],
                "retrained": [score(find(i, network=trained), t) for i, t in tests],
            }
            told = {n: float(tw.pool_scores(r)["f1"]) for n, r in rows.items()}
            told["peaks, tuned"] = np.mean([best_of_peaks(i, t) for i, t in tests])
            told["peaks, tuned, no noise"] = np.mean([best_of_peaks(i, t) for i, t in clean])
            print(f"  dose {dose:3d}: " + ", ".join(f"{n} {v:.3f}" for n, v in told.items()))


def find(image, **options):
    return tw.find_columns(image, method="network", separation=0.16, **options)


if __name__ == "__main__":
    main()
