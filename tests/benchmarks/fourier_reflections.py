"""Reflections: d from a click, what is found at which contrast, what is found where nothing is.

Run apart from the test suite: ``python tests/benchmarks/fourier_reflections.py [repeats]``.
"""

import os
import platform
import sys
import time
from importlib.metadata import version

import numpy as np

import temwidgets as tw

SIZES = (64, 126, 127, 128, 129)
SQUARE = np.array([(0.0, 1.0), (1.0, 0.0), (1.0, 1.0), (-1.0, 1.0), (0.0, 2.0), (2.0, 0.0)])
CONTRASTS = (0.03, 0.04, 0.05, 0.07, 0.1, 0.2)


def main():
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    packages = ", ".join(f"{n} {version(n)}" for n in ("numpy", "scipy", "scikit-learn"))
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(packages)
    print_clicks(repeats)
    print_detection(repeats)
    print_false(repeats)
    print_times()


def print_clicks(repeats):
    print("\nd from a click into the spectrum of a region; d 4 to 14 px at random directions")
    print("amplitude 10, noise 6; the click is up to two bins off")
    print(f"{'region':>8} {'rms %':>8} {'largest %':>10} {'rms pull':>9} {'g and -g alike':>15}")
    for size in SIZES:
        errors, pulls, alike = [], [], 0
        for seed in range(repeats):
            rng = np.random.default_rng([size, seed])
            d, angle = rng.uniform(4, 14), rng.uniform(-np.pi / 2, np.pi / 2)
            g = np.array([np.sin(angle), np.cos(angle)]) / d
            image, _ = tw.synthetic.fringes((200, 210), [g], amplitude=10, noise=6, seed=seed)
            y, x = rng.integers(0, 200 - size, 2)
            region = (float(y), float(y + size - 1), float(x), float(x + size - 1))
            click = g + rng.uniform(-1.4, 1.4, 2) / size
            one, mate = (tw.snap_reflections(image, [k], region=region) for k in (click, -click))
            error = float(one.d_spacing[0]) - d
            errors.append(100 * error / d)
            pulls.append(error / float(one.d_spacing_std[0]))
            alike += one.identical(mate)
        rms, largest = np.sqrt(np.mean(np.square(errors))), np.abs(errors).max()
        pull = np.sqrt(np.mean(np.square(pulls)))
        print(f"{size:>8} {rms:8.3f} {largest:10.3f} {pull:9.2f} {alike:>11}/{repeats}")


def print_detection(repeats):
    print("\nreflections found by find_reflections, defaults, 256 x 256")
    print("a square crystal of six reflections over the whole field, and over a quarter of it")
    print(
        f"{'amplitude/noise':>16} {'whole: recall':>14} {'precision':>10} {'quarter: recall':>16}"
    )
    for contrast in CONTRASTS:
        whole, part = (tally(contrast, share, max(repeats // 4, 3)) for share in (1.0, 0.5))
        print(f"{contrast:16.2f} {whole[0]:14.2f} {whole[1]:10.3f} {part[0]:16.2f}", flush=True)


def tally(contrast, share, repeats):
    found = right = wanted = 0
    for seed in range(repeats):
        rng = np.random.default_rng([seed, 7])
        angle, k = rng.uniform(0, np.pi), rng.uniform(0.09, 0.15)
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        g = k * SQUARE @ turn
        size = round(256 * share)
        mask = np.zeros((256, 256), bool)
        mask[(256 - size) // 2 : (256 + size) // 2, (256 - size) // 2 : (256 + size) // 2] = True
        image, _ = tw.synthetic.fringes(
            (256, 256), g, amplitude=10 * contrast, noise=10.0, mask=mask, seed=seed
        )
        ours = tw.find_reflections(image).g.values
        away = np.hypot(*(ours[:, None] - np.concatenate([g, -g])).transpose(2, 0, 1)) * size
        near = away.reshape(len(ours), 2, len(g)).min(axis=1) < 1.5
        found, wanted = found + len(ours), wanted + len(g)
        right += int(near.any(axis=0).sum())
    return right / wanted, right / max(found, 1)


def print_false(repeats):
    print(f"\nimages without a crystal, {repeats} each: share in which reflections were found")
    for name, make in EMPTY.items():
        some = [tw.find_reflections(make(s)).sizes["reflection"] > 0 for s in range(repeats)]
        print(f"{name:>40} {np.mean(some):6.3f}", flush=True)


def thon_rings(seed, shape=(512, 512), ring=0.07):
    texture = tw.synthetic.texture.amorphous_texture(shape, ring=ring, seed=seed)
    noise = 0.5 * np.random.default_rng(seed).normal(size=shape)
    return tw.make_image(texture + noise)


def falling(seed):
    k = np.hypot(np.fft.fftfreq(400)[:, None], np.fft.rfftfreq(400))
    k[0, 0] = np.inf
    noise = np.fft.rfft2(np.random.default_rng(seed).normal(size=(400, 400)))
    return tw.make_image(np.fft.irfft2(noise / k, s=(400, 400)))


def scan_lines(seed):
    rng = np.random.default_rng(seed)
    return tw.make_image(rng.normal(size=(400, 400)) + 2 * rng.normal(size=(400, 1)))


EMPTY = {
    "white noise 128 x 128": lambda s: tw.make_image(
        np.random.default_rng(s).normal(size=(128, 128))
    ),
    "counts, 3 a pixel, 256 x 300": lambda s: tw.make_image(
        np.random.default_rng(s).poisson(3.0, (256, 300))
    ),
    "Thon rings in noise 512 x 512": thon_rings,
    "Thon rings a bin apart 256 x 256": lambda s: thon_rings(s, (256, 256), 0.03),
    "power falling as 1/k² 400 x 400": falling,
    "flickering scan lines 400 x 400": scan_lines,
}


def print_times():
    image = tw.synthetic.perovskite((1024, 1024), separation=14)[0]
    triangle = [(10.0, 10.0), (10.0, 1000.0), (1000.0, 400.0)]
    g = tw.find_reflections(image, max_reflections=4).g.values[:1]
    small = (100.0, 227.0, 100.0, 227.0)
    calls = {
        "power_spectrum 1024²": lambda: tw.power_spectrum(image),
        "power_spectrum 1024², triangle": lambda: tw.power_spectrum(image, region=triangle),
        "radial_profile 1024²": lambda: tw.radial_profile(tw.power_spectrum(image)),
        "find_reflections 1024²": lambda: tw.find_reflections(image),
        "snap_reflections 128² region": lambda: tw.snap_reflections(image, g, region=small),
        "snap_reflections 1024²": lambda: tw.snap_reflections(image, g),
        "snap_reflections 1024², triangle": lambda: tw.snap_reflections(image, g, region=triangle),
        "fourier_filter 1024²": lambda: tw.fourier_filter(
            image, tw.make_reflections(g, units="px")
        ),
    }
    print("\nwarm, best of five, ms:")
    for name, call in calls.items():
        call()
        best = np.inf
        for _ in range(5):
            start = time.perf_counter()
            call()
            best = min(best, time.perf_counter() - start)
        print(f"{name:>40} {1000 * best:8.1f}", flush=True)


if __name__ == "__main__":
    main()
