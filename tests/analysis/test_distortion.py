import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import temwidgets as tw

part = st.floats(-0.08, 0.08)


def turned(angle, a, b, between):
    """Vectors (y, x) of a cell turned from +x towards +y."""
    ways = np.deg2rad([angle, angle + between])
    return np.column_stack([np.sin(ways), np.cos(ways)]) * np.array([[a], [b]])


def scanned(vectors, matrix):
    return tw.make_lattice(*(vectors @ np.transpose(matrix)))


@settings(deadline=None, max_examples=40)
@given(part, part, part, st.floats(-180, 180), st.floats(50, 130))
def test_a_known_cell_tells_scales_and_shear(y, x, shear, angle, between):
    matrix = np.array([[1 + y, 0], [shear, 1 + x]])
    vectors = turned(angle, 0.39, 0.42, between)
    found = tw.scan_distortion(scanned(vectors, matrix), ideal=(0.39, 0.42, between))
    np.testing.assert_allclose(found.matrix, matrix, atol=1e-9)
    for name, value in (("scale_y", 1 + y), ("scale_x", 1 + x), ("shear", shear)):
        assert float(found[name]) == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize(
    ("ideal", "between"), [("square", 90), ("hexagonal", 60), ("hexagonal", 120)]
)
def test_a_symmetry_tells_all_but_the_size(ideal, between):
    matrix = np.array([[1.03, 0], [-0.04, 0.98]])
    found = tw.scan_distortion(scanned(turned(11, 0.5, 0.5, between), matrix), ideal=ideal)
    np.testing.assert_allclose(found.matrix, matrix / 0.98, atol=1e-9)
    assert found.attrs["ideal"] == ideal


def test_a_right_angle_tells_the_shear():
    matrix = np.array([[1.0, 0], [0.03, 1.0]])
    found = tw.scan_distortion(scanned(turned(25, 0.3, 0.5, 90), matrix), ideal="rectangular")
    np.testing.assert_allclose(found.matrix, matrix, atol=1e-9)


@pytest.mark.parametrize("ideal", ["square", "rectangular", (0.5, 0.5, 90)])
def test_errors_are_propagated(ideal):
    lattice = scanned(turned(11, 0.5, 0.5, 90), [[1.01, 0], [0.02, 1]])
    lattice["vectors_std"].values[:] = 0.001
    errors = tw.scan_distortion(lattice, ideal=ideal).matrix_std.values
    rng = np.random.default_rng(0)
    clouds = [
        tw.scan_distortion(
            tw.make_lattice(*(lattice.vectors.values + rng.normal(0, 0.001, (2, 2)))), ideal=ideal
        ).matrix.values
        for _ in range(100)
    ]
    np.testing.assert_allclose(np.std(clouds, axis=0), errors, rtol=0.3, atol=1e-9)


def test_bad_arguments_are_refused():
    lattice = scanned(turned(11, 0.5, 0.5, 90), np.eye(2))
    with pytest.raises(ValueError, match="ideal is one of square"):
        tw.scan_distortion(lattice, ideal="cubic")
    for bad in ((0.5, 0.5), (0.5, -0.5, 90), (0.5, 0.5, 180)):
        with pytest.raises(ValueError, match="two lengths above 0 and an angle"):
            tw.scan_distortion(lattice, ideal=bad)
    with pytest.raises(ValueError, match="is no hexagonal one with a distortion below 30"):
        tw.scan_distortion(scanned(turned(45, 0.5, 0.9, 90), np.eye(2)), ideal="hexagonal")
    steep = tw.make_lattice((1.0, 0.2), (1.0, -0.2))
    with pytest.raises(ValueError, match="is no rectangular one"):
        tw.scan_distortion(steep, ideal="rectangular")
    with pytest.raises(TypeError, match="A lattice is"):
        tw.scan_distortion(None, ideal="square")
