import numpy as np
import pytest

from temwidgets import synthetic
from temwidgets.synthetic.dislocations import _Edge

OBLONG = {"sampling": (0.03, 0.04), "origin": (2.0, -1.5)}


def loop_integral(truth, half):
    """Integral of du round the core, by the distortion along a fine square of the field itself."""
    core = truth.attrs["core_y"], truth.attrs["core_x"]
    burgers = np.array([truth.attrs["burgers_y"], truth.attrs["burgers_x"]])
    field = _Edge(burgers, np.array(core), 0.3)
    t = (np.arange(4000) + 0.5) / 4000
    side, one = half * (2 * t - 1), np.full(4000, half)
    # on screen y points down: right, down, left, up is from +x towards +y
    path = [(-one, side), (side, one), (one, -side), (-side, -one)]
    total, step = np.zeros(2), 2 * half / 4000
    for (y, x), along in zip(path, [(0, 1), (1, 0), (0, -1), (-1, 0)], strict=True):
        e_yy, u_yx, u_xy, e_xx = field.gradient(core[0] + y, core[1] + x)
        du = np.array([e_yy * along[0] + u_yx * along[1], u_xy * along[0] + e_xx * along[1]])
        total += du.sum(1) * step
    return total, burgers


@pytest.mark.parametrize("burgers", [(1, 0), (0, 1), (1, 1), (-2, 1)])
@pytest.mark.parametrize("rotation", [0.0, 33.0])
def test_the_burgers_circuit_closes_up_to_b(burgers, rotation):
    _, truth = synthetic.dislocation((40, 50), burgers=burgers, rotation=rotation, **OBLONG)
    total, b = loop_integral(truth, 0.5)
    np.testing.assert_allclose(total, b, atol=1e-7)
    a = synthetic.geometry.direction(rotation) * 8 * 0.04
    across = synthetic.geometry.direction(rotation + 90) * 8 * 0.04
    np.testing.assert_allclose(b, burgers[0] * a + burgers[1] * across, atol=1e-12)


def test_the_truth_jumps_by_b_across_one_line_only():
    _, truth = synthetic.dislocation((64, 80), burgers=(1, 0), **OBLONG)
    y, x = truth.y - truth.attrs["core_y"], truth.x - truth.attrs["core_x"]
    u = truth.displacement.where(np.hypot(y, x) > 0.3)
    down, right = (abs(u.diff(name)) > 0.1 for name in ("y", "x"))
    assert not bool(right.any())
    assert not bool(down.sel(component="y").any())
    rows, cols = np.nonzero(down.sel(component="x").values)
    assert set(rows) == {31}
    np.testing.assert_array_equal(cols, np.arange((x < -0.3).sum().item()))


def test_the_gradient_is_that_of_the_displacement():
    _, truth = synthetic.dislocation((180, 180), rotation=20.0, burgers=(1, 1))
    y, x = truth.y - truth.attrs["core_y"], truth.x - truth.attrs["core_x"]
    far = (np.hypot(y, x) > 40).values[1:-1, 1:-1]
    for row, u in zip(truth.distortion.values, truth.displacement.values, strict=True):
        found = np.stack(np.gradient(u))
        error = np.abs(found - row)[:, 1:-1, 1:-1][:, far]
        assert np.quantile(error, 0.99) < 1e-4  # what is left sits on the branch line


def test_fringes_run_on_across_the_branch_line():
    image, truth = synthetic.dislocation((64, 64))
    left = image.values[:, :20]
    curvature = np.abs(np.diff(left, n=2, axis=0))
    assert curvature[30:32].max() < 1.2 * curvature[8:20].max()
    assert float(image.std()) == pytest.approx(10.0, rel=0.03)
    assert truth.attrs["core_y"] == 31.5


def test_one_half_plane_ends_at_the_core():
    image, truth = synthetic.dislocation((128, 256), amplitude=(10.0, 0.0))

    def turns(row):
        wave = (image.values[row] - 100.0) * np.exp(-2j * np.pi * np.arange(256) / 8)
        smooth = np.convolve(wave, np.ones(8) / 8, "valid")
        return np.unwrap(np.angle(smooth))[[8, -9]] @ [-1, 1] / (2 * np.pi)

    more = turns(53) - turns(74)
    u = truth.displacement.values[1] / 8
    expected = (u[74, 244] - u[74, 12]) - (u[53, 244] - u[53, 12])
    assert more == pytest.approx(expected, abs=0.02)
    assert 0.8 < abs(more) < 1


def test_the_strain_is_elastic_equilibrium():
    field = _Edge(np.array([0.0, 1.0]), np.zeros(2), 0.3)
    y, x = np.meshgrid(np.linspace(1, 2, 40), np.linspace(-1, 1, 41), indexing="ij")
    e_yy, u_yx, u_xy, e_xx = field.gradient(y, x)
    lame = 2 * 0.3 / (1 - 2 * 0.3)  # lambda over mu
    trace = e_xx + e_yy
    stress_xx, stress_yy = lame * trace + 2 * e_xx, lame * trace + 2 * e_yy
    stress_xy = u_yx + u_xy
    step_y, step_x = 1 / 39, 2 / 40
    force_x = np.gradient(stress_xx, step_x, axis=1) + np.gradient(stress_xy, step_y, axis=0)
    force_y = np.gradient(stress_yy, step_y, axis=0) + np.gradient(stress_xy, step_x, axis=1)
    inner = (slice(2, -2), slice(2, -2))
    assert (
        np.abs(force_x[inner]).max() < 0.01 * np.abs(np.gradient(stress_xx, step_x, axis=1)).max()
    )
    assert (
        np.abs(force_y[inner]).max() < 0.01 * np.abs(np.gradient(stress_yy, step_y, axis=0)).max()
    )


def test_a_core_on_a_pixel_gives_numbers():
    image, truth = synthetic.dislocation((32, 32), position=(16.0, 16.0))
    assert np.isfinite(image).all()
    assert np.isfinite(truth.displacement).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"burgers": (0.5, 0)}, "burgers is a lattice vector, two whole numbers"),
        ({"burgers": (0, 0)}, "not both 0"),
        ({"burgers": 1}, "burgers is a lattice vector"),
        ({"poisson": 0.7}, "Poisson's ratio is between 0 and 0.5"),
        ({"position": (3.0,)}, r"position is the place \(y, x\) of the core"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        synthetic.dislocation((32, 32), **options)
