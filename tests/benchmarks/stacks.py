"""Drift, lines, columns in all frames, diffusion and events of stacks against truth.

Run apart from the test suite: ``python tests/benchmarks/stacks.py [haadf_series_drift.nc]``; with
the file that the example "drift_series" was made from, its truth is compared as well.
"""

import sys
import time

import numpy as np
import xarray as xr

import temwidgets as tw

SEEDS = range(4)
OPTIONS = {
    "frames": 10, "separation": 0.28, "sampling": 0.02, "drift": (0.010, -0.008),
    "vibration": 0.002, "vacancies": 2, "filled": 2, "hops": 2, "steps": 2,
}  # fmt: skip
PIXEL = 0.02


def main():
    for dose in (20, 60, 200):
        drift_and_lines(dose)
    for dose in (60, 200):
        columns_and_events(dose)
    for path in sys.argv[1:2]:
        series(path)


def drift_and_lines(dose):
    """Rigid drift without and with offsets of lines of 0.3 px."""
    for jitter in (0.0, 0.3):
        off, true, pulls, left, lines = [], [], [], [], []
        for seed in SEEDS:
            stack, truth = tw.synthetic.movie(
                (128, 160), drift=(0.43, -0.27), frames=8, row_jitter=jitter, dose=dose, seed=seed
            )
            found = tw.measure_drift(stack, rows=jitter > 0)
            for name in "yx":
                wanted = truth[f"drift_{name}"] - truth[f"drift_{name}"].mean()
                true.append(wanted.values)
                off.append((found[f"drift_{name}"] - wanted).values)
                pulls.append(off[-1] / found[f"drift_{name}_std"].values)
            if jitter:
                left.append((found["offset"] - truth["offset"].values).values[:, 8:-8])
                lines.append(left[-1] / found["offset_std"].values[:, 8:-8])
        y, x = np.concatenate(off[::2]), np.concatenate(off[1::2])
        gain = [np.polyfit(w, o, 1)[0] for w, o in zip(true, off, strict=True)]
        text = f"dose {dose:4}, lines off by {jitter} px: drift rmse y {rms(y):.4f} x {rms(x):.4f}"
        text += f" px, gain - 1 {100 * np.mean(gain):+.2f} +- {100 * sem(gain):.2f} %"
        text += f", pull sd {np.std(pulls):.2f}"
        if jitter:
            floor = jitter / np.sqrt(8)
            text += f"; offsets rmse {rms(np.concatenate(left)):.3f} px (the mean has {floor:.3f})"
            text += f", pull sd {np.nanstd(np.concatenate(lines)):.2f}"
        print(text)


def columns_and_events(dose):
    """From the image to columns in all frames and events."""
    pulls, right, found, true, began = [], 0, 0, 0, time.perf_counter()
    for seed in SEEDS:
        stack, truth = tw.synthetic.movie((110, 150), dose=dose, seed=seed, **OPTIONS)
        drift = tw.measure_drift(stack)
        columns = tw.fit_mean(stack, drift)
        tracks = tw.fit_frames(stack, columns, drift=drift)
        for k in (2, 7):
            pulls.append(pull(tracks.sel(frame=k), truth.sel(frame=k)))
        events = tw.column_events(tracks)
        right += hits(events, truth)
        found, true = found + events.sizes["event"], true + truth.sizes["event"]
    y, x = np.concatenate(pulls, axis=1)
    print(
        f"dose {dose:4}: fits of single frames, pull sd y {np.std(y):.2f} x {np.std(x):.2f}, mean"
        f" {np.mean(y):+.2f} {np.mean(x):+.2f}; events: precision {right / max(found, 1):.2f},"
        f" recall {right / true:.2f} of {true}; {time.perf_counter() - began:.0f} s"
    )


def pull(columns, truth):
    """Errors of places over those stated, of columns without a flag, (2, n)."""
    good = columns.isel(column=(columns["flags"].values == 0))
    there = truth.isel(column=truth["inside"].values & (truth["amplitude"].values > 0))
    true = tw.make_columns(there["y"], there["x"])
    plain = tw.make_columns(good["y"], good["x"])
    pairs = tw.match_columns(plain, true, radius=3 * PIXEL)
    rows = pairs["found"].values
    return np.stack([pairs[f"d{n}"].values / good[f"{n}_std"].values[rows] for n in "yx"])


def hits(events, truth):
    """How many true events were found, at their place and within a frame."""
    moved = {n: (truth[n] - truth[f"drift_{n}"]) + truth[f"drift_{n}"].mean() for n in "yx"}
    place = {n: moved[n].median("frame").values for n in "yx"}
    left = list(range(truth.sizes["event"]))
    count = 0
    for k in range(events.sizes["event"]):
        one = events.isel(event=k)
        for j in left:
            row = int(truth["label"][j])
            near = np.hypot(*(float(one[n]) - place[n][row] for n in "yx")) < 0.15
            timely = abs(int(one["event_frame"]) - int(truth["event_frame"][j])) <= 1
            if near and timely and str(one["kind"].values) == str(truth["kind"].values[j]):
                count += 1
                left.remove(j)
                break
    return count


def series(path):
    """Drift of the shipped series against what it was made with."""
    truth = xr.load_dataset(path, engine="h5netcdf")
    stack = tw.examples.load("drift_series")
    found = tw.measure_drift(stack)
    for k, name in enumerate("yx"):
        wanted = truth["drift"][k].mean("y").values
        off = found[f"drift_{name}"].values - (wanted - wanted.mean())
        pull = off / found[f"drift_{name}_std"].values
        size = f"{1e3 * rms(off):.3f} pm, {rms(off) / 0.0195:.4f} px"
        print(f"series: drift {name} rmse {size}, pull sd {np.std(pull):.2f}")


def sem(values):
    return float(np.std(values) / np.sqrt(len(values)))


def rms(values):
    return float(np.sqrt(np.nanmean(np.square(values))))


if __name__ == "__main__":
    main()
