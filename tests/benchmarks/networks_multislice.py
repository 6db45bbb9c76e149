"""Network and joint fit on the multislice images, where columns are as electrons make them.

python tests/benchmarks/networks_multislice.py [seeds] [name ...]
"""

import os
import platform
import sys
import warnings

import numpy as np
from scipy.spatial import KDTree

import temwidgets as tw

DOSES = (5, 20, 100, 1000)  # counts at a column of the brightest kind
LEVELS = (1, 2.35, 5)  # of HRTEM: deviation of the ideal image over that of the noise
LOST = (0.0, 0.3)
SHAPES = ("elliptical", "shared")
SHOWN = {"graphene": ("C",), "mos2": ("Mo", "S"), "res2": ("Re",)}
GAN = "ap_gan_pbtio3_srtio3"
KINDS = ("Pb", "Sr", "Ti")
GAN_DOSES = (20, 100, 500, 2000)


def load(name):
    """Return image, true columns that it shows, their elements, and the distance of nearest."""
    image, truth = tw.synthetic.multislice_image(name)
    elements = np.array(truth["sublattice"].attrs["elements"])[truth["sublattice"].values]
    shown = np.isin(elements, SHOWN.get(name, KINDS))
    truth, elements = truth.isel(column=shown), elements[shown]
    place = np.column_stack([truth["y"], truth["x"]])
    return image, truth, elements, float(np.median(KDTree(place).query(place, k=2)[0][:, 1]))


def brightness(image, truth):
    """Ideal intensity at the columns of the brightest kind."""
    first = truth.isel(column=truth["sublattice"].values == 0)
    return float(image.interp(y=first["y"], x=first["x"]).median())


def noisy(image, counts, seed, lost=0.0):
    """Count `counts` where the ideal image is 1; lose a share of pixels."""
    rng = np.random.default_rng(seed)
    made = rng.poisson(np.maximum(image.values, 0) * counts).astype(np.float32)
    made[rng.random(made.shape) < lost] = np.nan
    return image.copy(data=made)


def inner(columns, image, rim):
    y, x = columns["y"].values, columns["x"].values
    low = np.array([image.y[0], image.x[0]]) + rim
    high = np.array([image.y[-1], image.x[-1]]) - rim
    return (y > low[0]) & (y < high[0]) & (x > low[1]) & (x < high[1])


def errors(found, truth, radius):
    """Distance vector of each true column to its own found one, pm; NaN where there is none."""
    pairs = tw.match_columns(found, truth, radius=radius)
    off = np.full((truth.sizes["column"], 2), np.nan)
    at = np.searchsorted(truth["column"].values, pairs["true"].values)
    off[at] = 1e3 * np.column_stack([pairs["dy"], pairs["dx"]])
    return off


def rmse(off):
    """Root mean square distance."""
    return float(np.sqrt(np.nanmean((off**2).sum(axis=1)))) if np.isfinite(off).any() else np.nan


def fitted(image, columns, shape, truth, radius):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return errors(tw.fit_columns(image, columns, shape=shape), truth, radius)


def reference(name):
    """Print what the joint fit makes of the ideal image: how far its shape is from a Gaussian's."""
    image, truth, elements, apart = load(name)
    kept = inner(truth, image, 0.5 * apart)
    high = image.copy(data=(1e6 * image.values / brightness(image, truth)).astype(np.float32))
    print(f"\n{name}: {image.shape[0]} x {image.shape[1]} px, nearest columns {apart:.4f} nm apart")
    for shape in SHAPES:
        off = fitted(high, truth, shape, truth, 0.35 * apart)
        told = (
            f"{kind} {rmse(off[kept & (elements == kind)]):.2f}"
            f" (mean {np.nanmean(off[kept & (elements == kind)], axis=0).round(2)})"
            for kind in dict.fromkeys(elements)
        )
        print(f"no noise, fit from truth, {shape:10}: RMSE pm", ", ".join(told), flush=True)


def found_and_fitted(name, seeds):
    """Print F1 of network and peaks, and the fit from the network against that from the truth."""
    image, truth, _, apart = load(name)
    kept, radius = inner(truth, image, 0.5 * apart), 0.35 * apart
    hrtem = name == "graphene"
    print(
        f"{'SNR' if hrtem else 'dose':>6}{'lost':>6}{'F1 peaks':>10}{'F1 network':>11}"
        f"{'network pm':>11}  " + "  ".join(f"{s + ': fit, from truth, ratio':>36}" for s in SHAPES)
    )
    for level in LEVELS if hrtem else DOSES:
        counts = (level / image.values.std()) ** 2 if hrtem else level / brightness(image, truth)
        for lost in LOST:
            rows = [one(image, truth, kept, radius, counts, s, lost) for s in range(seeds)]
            peaks, network, place, *fits = mean_of(rows)
            told = "  ".join(
                f"{ours:14.2f}{best:12.2f}{ours / best:10.3f}"
                for ours, best in zip(fits[::2], fits[1::2], strict=True)
            )
            print(
                f"{level:6g}{lost:6.1f}{peaks:10.3f}{network:11.3f}{place:11.2f}  {told}",
                flush=True,
            )


def mean_of(rows):
    """Mean over realisations, NaN where nothing was asked."""
    rows = np.array(rows, float)
    return np.where(np.isfinite(rows).any(axis=0), np.nan_to_num(rows).mean(axis=0), np.nan)


def one(image, truth, kept, radius, counts, seed, lost):
    """F1 of peaks and network, RMSE of the network, and of the fits from it and from the truth."""
    made = noisy(image, counts, seed, lost)
    network = tw.find_columns(made, method="network")
    # peaks refuse missing pixels
    found = [network] if lost else [tw.find_columns(made), network]
    f1 = [float(tw.score_columns(f, truth, radius=radius)["f1"]) for f in found]
    row = [*([np.nan] if lost else []), *f1, rmse(errors(network, truth, radius)[kept])]
    for shape in SHAPES:
        ours = fitted(made, network, shape, truth, radius)
        best = fitted(made, truth, shape, truth, radius)
        both = kept & np.isfinite(ours).all(axis=1) & np.isfinite(best).all(axis=1)
        row += [rmse(ours[both]), rmse(best[both])]
    return row


def graphene_by_height(seeds):
    """Print the same figures where SNR is the height of an atom over the mean, over the noise."""
    image, truth, _, apart = load("graphene")
    kept, radius = inner(truth, image, 0.5 * apart), 0.35 * apart
    height = brightness(image, truth) - float(image.mean())
    print("SNR as height over the mean level, over the noise: RMSE pm")
    for lost in LOST:
        rows = [
            one(image, truth, kept, radius, (2.35 / height) ** 2, seed, lost)
            for seed in range(seeds)
        ]
        _, f1, place, *pairs = mean_of(rows)
        told = ", ".join(f"{s} fit {v:.2f}" for s, v in zip(SHAPES, pairs[::2], strict=True))
        print(f"  2.35, lost {lost:.1f}: F1 {f1:.3f}, network {place:.2f}, {told}", flush=True)


def species(seeds):
    """Print how AP-GAN tells Pb, Sr and Ti with 70 % of the pixels lost, and the places."""
    image, truth, elements, apart = load("pbtio3_srtio3")
    kept, radius = inner(truth, image, 0.5 * apart), 0.35 * apart
    groups = {"Ti": kept & (elements == "Ti"), "Pb/Sr": kept & (elements != "Ti")}
    ways = ("network", *(f"{shape} fit" for shape in SHAPES), "shared fit from the truth")
    print("\nAP-GAN, 70 % of pixels lost; RMSE pm of", ", ".join(groups))
    for dose in GAN_DOSES:
        f1, right, places = [], [], []
        for seed in range(seeds):
            made = noisy(image, dose / brightness(image, truth), seed, 0.7)
            found = tw.find_columns(made, method="network", network=GAN)
            f1.append(float(tw.score_columns(found, truth, radius=radius)["f1"]))
            right.append(told_right(found, truth, radius))
            off = [errors(found, truth, radius)]
            off += [fitted(made, found, shape, truth, radius) for shape in SHAPES]
            off += [fitted(made, truth, "shared", truth, radius)]
            places.append([[rmse(o[group]) for group in groups.values()] for o in off])
        told = "; ".join(
            f"{way} {ti:.2f}, {ab:.2f}"
            for way, (ti, ab) in zip(ways, np.mean(places, axis=0), strict=True)
        )
        shares = f"F1 {np.mean(f1):.3f}, species right {100 * np.mean(right):.1f} %"
        print(f"dose {dose:5d}: {shares}; {told}", flush=True)


def told_right(found, truth, radius):
    """Share of the columns found whose species is right."""
    pairs = tw.match_columns(found, truth, radius=radius)
    told = found["sublattice"].sel(column=pairs["found"].values).values
    return float(np.mean(told == truth["sublattice"].sel(column=pairs["true"].values).values))


def main():
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    chosen = sys.argv[2:] or tw.synthetic.multislice.names()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"{seeds} realisations of noise a row; rim left out of RMSE; dose: counts at a column")
    for name in chosen:
        reference(name)
        found_and_fitted(name, seeds)
        if name == "graphene":
            graphene_by_height(seeds)
        if name == "pbtio3_srtio3":
            species(seeds)


if __name__ == "__main__":
    main()
