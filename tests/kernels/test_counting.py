import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from temwidgets.kernels.counting import Tie, fit_counts

SHAPES = [
    ("equal", "equal"),
    ("free", "equal"),
    ("equal", "sqrt"),
    ("proportional", "sqrt"),
    ("proportional", "equal"),
]


def counted(spacing, width, sd=0.15, n=900):
    rng = np.random.default_rng(5)
    number = rng.integers(3, 8, n)
    offset = 0.0 if spacing == "proportional" else 0.7
    scale = sd * (np.sqrt(number / 5) if width == "sqrt" else 1.0)
    return offset + 1.3 * number + scale * rng.normal(size=n), number, offset


@pytest.mark.parametrize(("spacing", "width"), SHAPES)
def test_means_and_widths_are_found(spacing, width):
    values, number, offset = counted(spacing, width)
    fits = [fit_counts(values, n, Tie(spacing, width, 3)) for n in range(1, 9)]
    assert 1 + np.argmin([f.icl for f in fits]) == 5
    best = fits[4]
    np.testing.assert_allclose(best.mean, offset + 1.3 * np.arange(3, 8), atol=0.04)
    expected = 0.15 * (np.sqrt(np.arange(3, 8) / 5) if width == "sqrt" else np.ones(5))
    np.testing.assert_allclose(best.sd, expected, rtol=0.08)
    np.testing.assert_allclose(best.weight, np.bincount(number)[3:] / 900, atol=0.01)
    assert best.icl > best.bic


def test_ties_hold():
    values, _, _ = counted("equal", "equal", sd=0.4)
    equal = fit_counts(values, 6, Tie("equal", "sqrt", 2))
    np.testing.assert_allclose(np.diff(equal.mean), np.diff(equal.mean)[0], rtol=1e-9)
    np.testing.assert_allclose(equal.sd**2 / np.arange(2, 8), equal.sd[0] ** 2 / 2, rtol=1e-9)
    through = fit_counts(values, 5, Tie("proportional", "equal", 3))
    np.testing.assert_allclose(through.mean / np.arange(3, 8), through.mean[0] / 3, rtol=1e-9)
    assert [Tie(s, "equal", 1).parameters(4) for s in ("free", "equal", "proportional")] == [
        8,
        6,
        5,
    ]


@settings(max_examples=8, deadline=None)
@given(shift=st.floats(-100, 100), scale=st.floats(1e-3, 1e4))
def test_units_do_not_count(shift, scale):
    values, _, _ = counted("equal", "equal")
    tie = Tie("equal", "equal", 1)
    plain, other = fit_counts(values, 5, tie), fit_counts(shift + scale * values, 5, tie)
    np.testing.assert_allclose(other.mean, shift + scale * plain.mean, rtol=1e-4, atol=1e-4 * scale)
    np.testing.assert_allclose(other.weight, plain.weight, atol=1e-4)


def test_more_components_than_values_differ():
    fit = fit_counts(np.repeat([1.0, 2.0], 20), 6, Tie("equal", "equal", 1))
    assert np.isfinite([*fit.mean, *fit.sd, fit.bic, fit.icl]).all()
    assert np.isfinite(fit_counts(np.full(9, 4.0), 1, Tie("free", "equal", 1)).mean).all()
