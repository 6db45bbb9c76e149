import numpy as np
import pytest

import temwidgets as tw
from temwidgets.analysis.slow_drift import slow_drift

A, ROWS, COLS = 0.39, 30, 36


def drift(y):
    """Drift (y, x) of the line y."""
    u = (y - 5) / (ROWS * A)
    return np.stack([0.02 * np.sin(8 * u + 0.5), 0.014 * np.cos(5 * u) + 0.01 * u**2], axis=-1)


def drifted(seed, *, noise=0.004, jitter=0.0, size=1.0, units="nm"):
    """Numbered columns whose lines were moved, their lattice and an image of the same extent."""
    rng = np.random.default_rng(seed)
    turn = np.deg2rad(3.0)
    a, b = A * np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    n = np.mgrid[:ROWS, :COLS].reshape(2, -1, 1)
    true = 5 + n[0] * a + n[1] * b
    seen = true
    for _ in range(8):  # what was scanned at line y belongs to y - drift
        seen = true + size * drift(seen[:, 0])
    line = np.floor(seen[:, 0] / 0.1).astype(int)
    seen = seen + rng.normal(0, noise, seen.shape)
    seen[:, 1] += rng.normal(0, jitter, line.max() + 1)[line]
    columns = tw.make_columns(*seen.T, units=units)
    columns["sublattice"] = ("column", np.zeros(len(seen), int))
    lattice = tw.fit_lattice(columns)
    rows = int(np.ptp(seen[:, 0]) / 0.03) + 10
    origin = (float(seen[:, 0].min()) - 0.15, -1.0)
    image = tw.make_image(np.zeros((rows, 9)), sampling=(0.03, 0.02), origin=origin, units=units)
    return tw.index_columns(columns, lattice), lattice, image, true


def bent(values, y):
    return values - np.polyval(np.polyfit(y, values, 1), y)


@pytest.mark.parametrize(("noise", "jitter"), [(0.004, 0.0), (0.01, 0.0), (0.004, 0.006)])
def test_drift_is_found_with_its_error(noise, jitter):
    pulls, errors = [], []
    for seed in range(5):
        columns, lattice, image, _ = drifted(seed, noise=noise, jitter=jitter)
        found = slow_drift(image, columns, lattice)
        y = image.y.values
        inner = (y > 5.3) & (y < 5 + 0.95 * ROWS * A)
        for k, name in enumerate(("drift_y", "drift_x")):
            off = bent((found[name].values - drift(y)[:, k])[inner], y[inner])
            errors.append(off)
            pulls.append(off / found[f"{name}_std"].values[inner])
    assert 0.6 < np.std(np.concatenate(pulls)) < 1.25
    assert np.sqrt(np.mean(np.square(np.concatenate(errors)))) < 0.25 * (noise + jitter)
    assert found["drift_y"].attrs["units"] == "nm"
    assert found["drift_x"].attrs["ancillary_variables"] == "drift_x_std"
    assert found.y.equals(image.y)


def test_without_drift_there_is_none():
    columns, lattice, image, _ = drifted(3, size=0.0)
    found = slow_drift(image, columns, lattice)
    for name in ("drift_y", "drift_x"):
        assert float(abs(found[name]).max()) < 0.0008
        assert float(abs(found[name] / found[f"{name}_std"]).max()) < 4


def test_columns_lie_on_their_lattice_once_it_is_taken_off():
    columns, lattice, image, true = drifted(1)
    found = slow_drift(image, columns, lattice)
    straight = tw.correct_columns(columns, row_offsets=found["drift_x"], row_drift=found["drift_y"])
    left = []
    for data in (columns, straight):
        points = np.column_stack([data["y"], data["x"]])
        design = np.column_stack([true, np.ones(len(true))])
        left.append(points - design @ np.linalg.lstsq(design, points, rcond=None)[0])
    before, after = (np.sqrt(np.mean(np.square(off))) for off in left)
    assert before > 0.009
    assert after == pytest.approx(0.004, rel=0.06)


def test_vacancies_other_grains_and_wild_columns_do_no_harm():
    columns, lattice, image, _ = drifted(2)
    rng = np.random.default_rng(0)
    kept = np.flatnonzero(rng.random(columns.sizes["column"]) > 0.2)
    plain = slow_drift(image, columns, lattice)
    fewer = columns.isel(column=kept)
    for name in "yx":
        fewer[name] = fewer[name] + np.where(rng.random(kept.size) < 0.03, 0.15, 0.0)
    fewer["n_a"] = fewer["n_a"].where(rng.random(kept.size) > 0.05)
    found = slow_drift(image, fewer, lattice)
    for name in ("drift_y", "drift_x"):
        assert float(abs(found[name] - plain[name]).max()) < 5 * float(found[f"{name}_std"].max())


def test_sentences():
    columns, lattice, image, _ = drifted(0)
    few = columns.isel(column=columns["y"].values < 6.5)
    with pytest.raises(ValueError, match="strips along y; drift that changes is told from 8 on"):
        slow_drift(image, few, lattice)
    with pytest.raises(ValueError, match="The columns are in nm, but the image is in px"):
        slow_drift(tw.make_image(np.zeros((9, 9))), columns, lattice)
