import numpy as np
import pytest

import temwidgets as tw
from temwidgets.analysis import fit_flags
from temwidgets.analysis.fit_start import AXES_FRAME, MEAN_FRAME
from temwidgets.conventions import Flag, flagged
from temwidgets.kernels import fit as kernel
from temwidgets.kernels.fit_setup import Start

FREE = {"amplitude", "y", "x", "sigma_major", "sigma_minor", "theta"}


@pytest.fixture
def start():
    """Two columns of sigma 3 and 2 px; all free, far from every bound."""
    return Start(
        rows=np.array([20.0, 40.0]),
        cols=np.array([30.0, 30.0]),
        heights=np.array([10.0, 10.0]),
        shapes=np.tile([np.log(6) / 2, np.log(1.5) / 2, 0.0], (2, 1)),
        shape_of=np.arange(2),
        low=np.tile([0.0, -np.inf, -np.inf], (2, 1)),
        high=np.full((2, 3), np.inf),
        max_shift=np.full(2, 4.0),
        log_sigma_range=np.log([[1.0, 6.0], [1.0, 6.0]]),
        free=np.ones((2, 3), bool),
        free_shape=np.ones((2, 3), bool),
        frame=MEAN_FRAME,
        coefficients=np.zeros((1, 1)),
        background="constant",
        free_background=True,
    )


def found(start, **shifts):
    """The parameters of a fit that ended at its start, but for `shifts` of the first column."""
    columns = [start.heights, start.rows, start.cols, *start.shapes[start.shape_of].T]
    parameters = np.stack(columns, axis=1)
    for name, shift in shifts.items():
        parameters[0, ("height", "row", "col", "m", "e1", "e2").index(name)] += shift
    return parameters


def held(start, **shifts):
    """Names of what was held of the first column; nothing of the second may be."""
    named = fit_flags.held_parameters(found(start, **shifts), start)
    assert not any(mask[1] for mask in named.values())
    return {name for name, mask in named.items() if mask[0]}


def first(values):
    """Hold these coordinates of the first column."""
    mask = np.ones((2, 3), bool)
    mask[0, values] = False
    return mask


def test_nothing_is_held_away_from_bounds(start):
    assert held(start) == set()
    assert held(start, height=5, row=1, col=-1, m=0.1) == set()


def test_the_greatest_shift_holds_the_place(start):
    assert held(start, row=4.0) == {"y", "x"}
    assert held(start, row=2.4, col=-3.2) == {"y", "x"}


def test_bounds_hold_what_they_are_for(start):
    high = start.high.copy()
    high[:, 0], high[:, 2] = 12.0, 31.0
    bounded = start._replace(high=high)
    # heights creep towards a bound
    assert held(bounded, height=1.95) == {"amplitude"}
    assert held(bounded, height=1.0, col=1.0) == {"x"}
    assert held(start, height=-10.0) == {"amplitude"}
    assert held(start, m=np.log(2)) == {"sigma_major"}
    assert held(start, m=-np.log(2)) == {"sigma_minor"}


def test_what_was_fixed_is_held(start):
    assert held(start._replace(free=first([0, 2]))) == {"amplitude", "x"}
    assert held(start._replace(free_shape=first([0, 1, 2]))) == FREE - {"amplitude", "y", "x"}
    assert held(start._replace(free_shape=first([2]))) == {"theta"}
    axes = start._replace(frame=AXES_FRAME)
    assert held(axes._replace(free_shape=first([0]))) == {"sigma_major"}
    assert held(axes._replace(free_shape=first([1]))) == {"sigma_minor"}
    # a round column has a size and nothing else
    assert held(start._replace(free_shape=first([1, 2]))) == {"theta"}


def test_what_was_fixed_is_at_no_bound(start):
    fixed = start._replace(free=first([0, 1, 2]), free_shape=first([0, 1, 2]))
    at_bound = fit_flags.held_by_bounds(found(fixed, height=-10, row=9, m=9), fixed)
    assert not any(mask.any() for name, mask in at_bound.items() if name not in ("y", "x"))


def test_saturation_is_a_pile_at_the_top():
    rng = np.random.default_rng(0)
    image = rng.normal(100, 20, (50, 50))
    assert fit_flags.saturation_level(image) is None
    assert fit_flags.saturation_level(np.minimum(image, 120)) == 120
    assert fit_flags.saturation_level(np.full((9, 9), 3.0)) is None
    image[3, 3] = np.nan
    assert fit_flags.saturation_level(np.minimum(image, 120)) == 120


def test_columns_still_on_their_way_are_not_converged(monkeypatch):
    image, true = tw.synthetic.perovskite((128, 112), separation=18, dose=200, seed=1)
    start = true[["y", "x", "sublattice"]].copy(deep=True)
    start["y"][40] += 4.0
    settled = tw.fit_columns(image, start)
    assert settled.attrs["fit_converged"] == 1
    assert not flagged(settled, Flag.not_converged).values[40]
    monkeypatch.setattr(kernel, "MAX_ITERATIONS", kernel.FIRST_ROUND)
    stopped = tw.fit_columns(image, start)
    assert stopped.attrs["fit_converged"] == 0
    assert stopped.attrs["fit_iterations"] == kernel.FIRST_ROUND
    assert flagged(stopped, Flag.not_converged).values[40]


def test_a_limit_that_grew_with_the_windows_holds_where_it_went(start):
    parameters = np.column_stack(
        [start.heights, start.rows, start.cols, *start.shapes[start.shape_of].T]
    )
    # sigma_major between the first limit and where it may go since windows were widened
    parameters[0, 3:] = np.log(7.0), 0, 0
    assert not fit_flags.held_by_bounds(parameters, start)["sigma_major"][0]
    parameters[0, 3] = np.log(6.0 * 1.5)
    assert fit_flags.held_by_bounds(parameters, start)["sigma_major"][0]
    own = start._replace(widens=(False, False))
    parameters[0, 3] = np.log(6.0)
    assert fit_flags.held_by_bounds(parameters, own)["sigma_major"][0]
