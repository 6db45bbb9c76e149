"""A movie with known truth that several tests of this folder look at, and tracks made of truth."""

import numpy as np
import pytest

import temwidgets as tw
from temwidgets.conventions import quantity
from temwidgets.synthetic import movie

SAMPLING = (0.02, 0.025)


@pytest.fixture(scope="package")
def film():
    """Nine frames on non-square pixels away from the origin in which six columns do something."""
    return movie(
        (76, 96), frames=9, separation=0.28, sampling=SAMPLING, origin=(3.0, -1.0),
        drift=(0.011, -0.013), vibration=0.002, dose=250, seed=5,
        vacancies=1, hops=1, steps=1,
    )  # fmt: skip


@pytest.fixture(scope="package")
def drift(film):
    return tw.measure_drift(film[0])


@pytest.fixture(scope="package")
def fitted(film, drift):
    """Columns of the mean, and of all frames."""
    aligned = tw.align_frames(film[0], drift)
    mean = tw.mean_frame(aligned)
    mean = mean.fillna(mean.median())
    columns = tw.fit_columns(mean, tw.find_columns(mean), shape="shared", background="constant")
    return columns, tw.fit_frames(film[0], columns, drift=drift)


@pytest.fixture(scope="session")
def make_tracks():
    """A maker of tracks from the truth of a movie, as a perfect fit with known errors has them."""

    def make(truth, *, std=0.01, intensity_std=0.05, seed=0):
        rng = np.random.default_rng(seed)
        both = ("frame", "column")
        unit = truth["y"].attrs["units"]
        there = truth["inside"].values & (truth["amplitude"].values > 0)
        tracks = truth[["sublattice"]].assign_coords(frame=truth["frame"])
        for name in "yx":
            noisy = truth[name].values + std * rng.standard_normal(there.shape)
            tracks[name] = quantity(both, noisy, unit, f"{name} position")
            tracks[f"{name}_std"] = quantity(both, np.where(there, std, np.nan), unit, "error")
        level = truth["amplitude"].values / np.nanmax(truth["amplitude"].values)
        level = level + intensity_std * rng.standard_normal(there.shape)
        tracks["intensity"] = quantity(both, np.where(there, level, np.nan), "counts", "intensity")
        tracks["intensity_std"] = quantity(
            both, np.where(there, intensity_std, np.nan), "counts", "error"
        )
        flags = np.where(there, 0, int(tw.Flag.failed))
        flags |= np.where(truth["inside"].values, 0, int(tw.Flag.cut_by_edge))
        tracks["flags"] = (both, flags)
        return tracks

    return make


@pytest.fixture(scope="package")
def walk():
    """Truth of columns that diffuse, vibrate and drift."""
    return movie(
        (150, 190), frames=24, drift=(0.31, -0.2), diffusion=0.004, vibration=0.05, dose=None,
        seed=3, amplitude_spread=0.1,
    )[1]  # fmt: skip
