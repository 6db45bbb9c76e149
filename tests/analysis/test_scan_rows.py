import numpy as np
import pytest

import temwidgets as tw
from temwidgets.conventions import CancelledError
from temwidgets.kernels.scan_lines import line_splines, sample_lines


@pytest.fixture(scope="module")
def torn():
    """Truth of a crystal whose lines were scanned with random offsets, the image, the offsets."""
    options = {"separation": 0.32, "sampling": (0.02, 0.025), "origin": (3.0, -2.0)}
    image, truth = tw.synthetic.perovskite((130, 150), dose=None, background=0.3, **options)
    rng = np.random.default_rng(0)
    offset = rng.normal(0, 0.015, 130)
    ideal = sample_lines(line_splines(image.values), -offset / 0.025)
    counts = rng.poisson(300 * np.maximum(ideal, 0)).astype(float)
    for name in ("amplitude", "background"):
        truth[name] = truth[name] * 300
    return image.copy(data=counts), truth, offset


def with_background(truth, image):
    """What `fit_columns` would know of shapes and a constant background."""
    angle = np.deg2rad(truth.theta)
    sin, cos = np.sin(angle), np.cos(angle)
    major, minor = truth.sigma_major**2, truth.sigma_minor**2
    truth = truth.assign(
        shape_yy=major * sin**2 + minor * cos**2,
        shape_yx=(major - minor) * sin * cos,
        shape_xx=major * cos**2 + minor * sin**2,
    )
    spline = np.full((1, 1), 90.0)
    ends = {f"{n}_range": image[n].values[[0, -1]] for n in "yx"}
    truth["background_spline"] = (("spline_y", "spline_x"), spline, {"kind": "constant", **ends})
    return truth


def test_offsets_are_found_with_their_errors(torn):
    image, truth, offset = torn
    found = tw.row_offsets(image, with_background(truth, image))
    left = found.offset.values - offset
    known = np.isfinite(left)
    assert known.mean() > 0.95
    pull = (left / found.offset_std.values)[known]
    assert 0.8 < pull.std() < 1.25
    assert np.sqrt(np.mean(left[known] ** 2)) < 0.25 * 0.015
    assert found.offset.attrs["units"] == "nm"
    assert found.y.equals(image.y)


def test_the_lattice_sees_what_fitted_places_followed(torn):
    image, truth, offset = torn
    turn = np.deg2rad(3)
    sin, cos = 0.32 * np.sin(turn), 0.32 * np.cos(turn)
    middle = [
        float(image[n][0] + image[n][-1]) / 2 + part * 0.32
        for n, part in (("y", 0.21), ("x", 0.13))
    ]
    lattice = tw.make_lattice((sin, cos), (cos, -sin), origin=middle, sites=((0, 0), (0.5, 0.5)))
    moved = with_background(truth.assign(x=truth.x + 0.01), image)
    seen = tw.row_offsets(image, moved, lattice).offset - offset
    assert abs(float(seen.mean())) < 0.001
    blind = tw.row_offsets(image, moved).offset - offset
    assert float(blind.mean()) == pytest.approx(-0.01, abs=0.001)


def test_it_reports_and_can_be_cancelled(torn):
    image, truth, _ = torn
    told = []
    tw.row_offsets(image, with_background(truth, image), report=told.append)
    assert told

    def stop(_):
        raise CancelledError

    with pytest.raises(CancelledError):
        tw.row_offsets(image, with_background(truth, image), report=stop)


def test_columns_that_are_not_fitted_are_refused(torn):
    image, truth, _ = torn
    with pytest.raises(ValueError, match="Fit them first"):
        tw.row_offsets(image, truth[["y", "x"]])
