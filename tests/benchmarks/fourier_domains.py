"""Domains of synthetic polycrystals against truth: twelve grains, weak fringes, default options.

python tests/benchmarks/fourier_domains.py [seeds]
"""

import sys
import time

import numpy as np
from sklearn.metrics import adjusted_rand_score

import temwidgets as tw


def overlaps(truth, found):
    """Intersection over union of each true with each found domain, (true, found)."""
    true, label = truth["label"].values, found["label"].values
    rows = []
    for n in truth["domain"].values:
        mine = true == n
        theirs = [label == m for m in found["domain"].values]
        rows.append([(mine & other).sum() / (mine | other).sum() for other in theirs])
    return np.array(rows).reshape(truth.sizes["domain"], found.sizes["domain"])


def spacing_errors(truth, found, pairs):
    """Relative errors of |g| of the spots that are nearer than 5 % to a true one."""
    errors = []
    for n, m in pairs:
        spots = found["g"].values[m][np.isfinite(found["g"].values[m][:, 0])]
        for g in truth["g"].values[n][np.isfinite(truth["g"].values[n][:, 0])]:
            away = np.minimum(np.hypot(*(spots - g).T), np.hypot(*(spots + g).T))
            nearest = spots[away.argmin()]
            if away.min() < 0.05 * np.hypot(*g):
                errors.append(abs(np.hypot(*nearest) / np.hypot(*g) - 1))
    return errors


def main(seeds):
    tw.segment_domains(tw.synthetic.polycrystal(seed=99)[0])  # compile
    for method in ("pursuit", "filter", "spectra"):
        print(f"method {method}: matched at IoU 0.5, spurious, adjusted Rand index, d error, time")
        for seed in range(seeds):
            image, truth = tw.synthetic.polycrystal(seed=seed)
            start = time.perf_counter()
            found = tw.segment_domains(image, method=method)
            seconds = time.perf_counter() - start
            over = overlaps(truth, found)
            pairs = np.argwhere(over > 0.5)
            rand = adjusted_rand_score(truth["label"].values.ravel(), found["label"].values.ravel())
            errors = spacing_errors(truth, found, pairs)
            off = f"{100 * np.median(errors):.3f} %" if errors else "-"
            spurious = found.sizes["domain"] - len(pairs)
            print(
                f"  seed {seed}: {len(pairs)} of {truth.sizes['domain']}, {spurious}, {rand:.3f},"
                f" {off}, {seconds:.1f} s"
            )
    for seed in range(seeds):
        image, _ = tw.synthetic.amorphous((512, 512), seed=seed)
        counts = [tw.segment_domains(image, method=m).sizes["domain"]
                  for m in ("pursuit", "filter", "spectra")]  # fmt: skip
        print(f"amorphous, seed {seed}: domains found by the three methods {counts}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
