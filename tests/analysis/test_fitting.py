import json

import numpy as np
import pytest
import xarray as xr

import temwidgets as tw
from temwidgets.analysis.fit_arguments import FORM
from temwidgets.conventions import CancelledError, Flag, describe_flags, flagged
from temwidgets.kernels.fit_setup import unit_of
from temwidgets.kernels.priors import BENDING, LEVEL
from temwidgets.kernels.starts import background_basis
from temwidgets.synthetic import Site, lattice_image, perovskite

# one size of image and one width of columns, so that few compilations serve all tests
SHAPE = (128, 112)
SAMPLING, ORIGIN = (0.02, 0.025), (2.0, -1.0)
KNOWN = ["y", "x", "amplitude", "sigma_major", "sigma_minor", "theta", "intensity"]


def make(**options):
    """A perovskite on non-square pixels away from the origin; sigma 0.052-0.072 nm."""
    given = {"dose": 200, "background": 0.2, "sigma_spread": 0.0, **options}
    return perovskite(SHAPE, separation=0.36, sampling=SAMPLING, origin=ORIGIN, **given)


def bare(columns):
    return columns[["y", "x", "sublattice"]]


def inner(columns, depth=0.2):
    """Which columns lie so far from the edge that it plays no part."""
    y0, x0 = ORIGIN
    y1, x1 = y0 + SAMPLING[0] * (SHAPE[0] - 1), x0 + SAMPLING[1] * (SHAPE[1] - 1)
    y, x = columns["y"], columns["x"]
    return ((y > y0 + depth) & (y < y1 - depth) & (x > x0 + depth) & (x < x1 - depth)).values


def pulls(fitted, true, name):
    off = fitted[name] - true[name]
    if name == "theta":
        off = (off + 90) % 180 - 90
    return (off / fitted[f"{name}_std"]).values


@pytest.fixture(scope="module")
def world():
    return make()


@pytest.fixture(scope="module")
def fitted(world):
    return tw.fit_columns(world[0], bare(world[1]))


@pytest.fixture(scope="module")
def shared(world):
    return tw.fit_columns(world[0], bare(world[1]), shape="shared")


@pytest.fixture(scope="module")
def many():
    """Pulls of five fits to the same columns under fresh noise, inner columns alone."""
    collected = {(shape, name): [] for shape in ("elliptical", "shared") for name in KNOWN}
    for seed in range(5):
        image, true = make(noise_seed=seed + 1)
        for shape in ("elliptical", "shared"):
            result = tw.fit_columns(image, bare(true), shape=shape)
            for name in KNOWN:
                collected[shape, name].append(pulls(result, true, name)[inner(true)])
    return {key: np.array(values) for key, values in collected.items()}


@pytest.mark.parametrize("shape", ["elliptical", "shared"])
@pytest.mark.parametrize("name", ["y", "x"])
def test_positions_are_true_within_their_errors(many, shape, name):
    pull = many[shape, name]
    # some 300 pulls: standard error of the mean 0.06, of the deviation 4 %
    assert abs(pull.mean()) < 0.2
    assert 0.88 < pull.std() < 1.12


@pytest.mark.parametrize("name", ["amplitude", "intensity", "sigma_major", "sigma_minor", "theta"])
def test_free_shapes_and_heights_are_true_within_their_errors(many, name):
    pull = many["elliptical", name]
    # one background is shared by all columns of an image: means are less sharp than 300 pulls
    assert abs(pull.mean()) < 0.35
    # errors of the integral count the background's part collectively, a fifth too small here
    assert 0.85 < pull.std() < (1.25 if name == "intensity" else 1.15)


@pytest.mark.parametrize("name", ["amplitude", "intensity"])
def test_heights_with_shared_shapes_are_true_within_their_errors(many, name):
    pull = many["shared", name]
    assert abs(pull.mean()) < 0.5
    assert 0.8 < pull.std() < 1.2


def test_sharing_shapes_is_more_precise(fitted, shared):
    gain = fitted["intensity_std"] / shared["intensity_std"]
    assert float(gain.median()) > 1.2
    assert shared["sigma_major"].groupby(shared["sublattice"]).std().max() < 1e-6


def test_the_angle_turns_from_x_towards_y():
    image, true = lattice_image(
        SHAPE,
        (0.36, 0.0),
        (0.0, 0.36),
        [Site(0, 0, 1.0, 0.075, 0.05, 35.0)],
        sampling=SAMPLING,
        origin=ORIGIN,
        dose=2000,
        background=0.2,
        outside=False,
        margin=0.15,
    )
    result = tw.fit_columns(image, bare(true))
    assert float(result["theta"].median()) == pytest.approx(35, abs=1)
    assert float(result["sigma_major"].median()) == pytest.approx(0.075, rel=0.01)
    assert float(result["sigma_minor"].median()) == pytest.approx(0.05, rel=0.01)
    y, x = (image[k] - result[k][0] for k in "yx")
    towards = abs(y - x * np.tan(np.deg2rad(35))) < 0.02
    assert float(image.where(towards & (np.hypot(y, x) < 0.1)).mean()) > float(
        image.where((abs(y + x * np.tan(np.deg2rad(55))) < 0.02) & (np.hypot(y, x) < 0.1)).mean()
    )


def dense_errors(image, columns, shared):
    """Cramer-Rao bounds of y, x, amplitude, intensity, sigmas from the whole Fisher matrix."""
    y, x = np.meshgrid(image["y"].values, image["x"].values, indexing="ij")
    names = ["y", "x", "amplitude", "sigma_major", "sigma_minor", "theta"]
    values = np.stack([columns[n].values for n in names], axis=1)
    groups = columns["sublattice"].values

    def gaussian(row):
        cy, cx, height, major, minor, theta = row
        c, s = np.cos(np.deg2rad(theta)), np.sin(np.deg2rad(theta))
        along, across = (x - cx) * c + (y - cy) * s, (y - cy) * c - (x - cx) * s
        return height * np.exp(-((along / major) ** 2 + (across / minor) ** 2) / 2)

    steps = [1e-5, 1e-5, 1e-2, 1e-5, 1e-5, 1e-2]
    slopes = np.empty((len(values), 6, y.size))
    model = np.zeros(y.shape)
    for k, row in enumerate(values):
        model += gaussian(row)
        for i, step in enumerate(steps):
            up, down = row.copy(), row.copy()
            up[i] += step
            down[i] -= step
            slopes[k, i] = ((gaussian(up) - gaussian(down)) / (2 * step)).ravel()
    spline = columns["background_spline"]
    by, bx = (
        background_basis("smooth", n, np.linspace(0, 1, size))
        for n, size in zip(spline.shape, y.shape, strict=True)
    )
    model += by @ spline.values @ bx.T
    nodes = np.einsum("ya,xb->abyx", by, bx).reshape(-1, y.size)
    if shared:
        place = slopes[:, :3].reshape(-1, y.size)
        shape = np.concatenate([slopes[groups == g, 3:].sum(axis=0) for g in np.unique(groups)])
        rows = np.concatenate([place, shape, nodes])
    else:
        rows = np.concatenate([slopes.reshape(-1, y.size), nodes])
    fisher = (rows / model.ravel()) @ rows.T
    # the fit expects a background that bends little, and near its start, against the image's size
    second = [np.diff(np.eye(n), 2, axis=0) for n in spline.shape]
    bend = [d.T @ d / (BENDING * unit_of(image.values)) ** 2 for d in second]
    stiff = np.kron(bend[0], np.eye(len(bend[1]))) + np.kron(np.eye(len(bend[0])), bend[1])
    stiff += np.eye(len(nodes)) / (LEVEL * unit_of(image.values)) ** 2
    fisher[-len(nodes) :, -len(nodes) :] += stiff
    scale = 1 / np.sqrt(np.diag(fisher))
    covariance = np.linalg.inv(fisher * scale[:, None] * scale) * scale[:, None] * scale
    # the intensity is 2 pi h major minor
    relative = np.zeros((len(values), len(rows)))
    for k, row in enumerate(values):
        first = 3 * k if shared else 6 * k
        form = 3 * len(values) + 3 * groups[k] if shared else first + 3
        relative[k, first + 2] = 1 / row[2]
        relative[k, form], relative[k, form + 1] = 1 / row[3], 1 / row[4]
    intensity = np.sqrt(np.einsum("ki,ij,kj->k", relative, covariance, relative))
    errors = np.sqrt(np.diag(covariance))
    count = len(values)
    bounds = errors[: 3 * count].reshape(-1, 3) if shared else errors[: 6 * count].reshape(-1, 6)
    found = dict(zip(names, bounds.T, strict=False))
    found["intensity"] = intensity * columns["intensity"].values
    return found


@pytest.mark.parametrize("shape", ["elliptical", "shared"])
def test_errors_are_those_of_the_whole_fisher_matrix(world, fitted, shared, shape):
    columns = fitted if shape == "elliptical" else shared
    bounds = dense_errors(world[0], columns, shape == "shared")
    inside = inner(columns)
    scale = np.sqrt(columns.attrs["noise_scale"])
    for name, bound in bounds.items():
        ratio = columns[f"{name}_std"].values / (bound * scale)
        assert np.median(ratio[inside]) == pytest.approx(1, abs=0.1), name
        assert np.quantile(np.abs(ratio[inside] - 1), 0.9) < 0.15, name


def test_a_fit_repeats_to_the_last_digit(world, fitted):
    xr.testing.assert_identical(tw.fit_columns(world[0], bare(world[1])), fitted)


def test_what_came_is_not_changed(world):
    image, true = world
    before_image, before = image.copy(deep=True), bare(true).copy(deep=True)
    start = bare(true)
    tw.fit_columns(image, start)
    xr.testing.assert_identical(image, before_image)
    xr.testing.assert_identical(start, before)


def test_a_poor_start_ends_at_the_same_place(world, fitted):
    image, true = world
    rng = np.random.default_rng(2)
    start = bare(true).copy(deep=True)
    for name in "yx":
        start[name] = start[name] + 0.01 * rng.standard_normal(start.sizes["column"])
    result = tw.fit_columns(image, start)
    for name in ("y", "x", "amplitude"):
        off = abs((result[name] - fitted[name]) / fitted[f"{name}_std"]).values
        assert off[inner(true)].max() < 0.5


def test_attrs_and_variables_say_what_they_are(fitted):
    for name in (*KNOWN, "background", "shape_yy", "shape_yx", "shape_xx"):
        assert fitted[name].attrs["units"]
        assert fitted[name].attrs["long_name"]
        assert f"{name}_std" in fitted[name].attrs["ancillary_variables"].split()
        assert (fitted[f"{name}_std"] > 0).all()
    assert fitted["intensity"].attrs["units"] == "counts nm²"
    assert fitted.attrs["fit_converged"] == 1
    assert fitted.attrs["reduced_chi2"] == pytest.approx(1, abs=0.05)
    assert fitted.attrs["n_pixels"] == SHAPE[0] * SHAPE[1]
    assert fitted.attrs["next_label"] == 105


def test_a_saved_fit_opens_as_it_was(fitted, tmp_path):
    tw.save(tmp_path / "fit.nc", fitted)
    opened = tw.open_result(tmp_path / "fit.nc")
    xr.testing.assert_equal(opened, fitted)
    assert json.dumps(sorted(map(str, opened.attrs))) == json.dumps(sorted(map(str, fitted.attrs)))
    xr.testing.assert_identical(opened["background_spline"], fitted["background_spline"])


def test_round_columns_are_round_in_lengths(world):
    image, true = world
    result = tw.fit_columns(image, bare(true), shape="round")
    np.testing.assert_allclose(result["sigma_major"], result["sigma_minor"], rtol=1e-5)
    assert (result["theta"] == 0).all()
    assert np.isnan(result["theta_std"]).all()
    mean = np.sqrt(true["sigma_major"] * true["sigma_minor"]).values[inner(true)]
    ratio = result["sigma_major"].values[inner(true)] / mean
    assert np.median(ratio) == pytest.approx(1, abs=0.03)


def test_auto_takes_shared_shapes_where_they_are_true(world):
    told = []
    result = tw.fit_columns(world[0], bare(world[1]), shape="auto", report=told.append)
    assert result.attrs["shape"] == "shared"
    assert result.attrs["bic_shared"] < result.attrs["bic_elliptical"]
    assert told == sorted(told)
    assert told[-1] > 0.5


def test_auto_takes_free_shapes_where_they_differ():
    image, true = make(dose=3000, sigma_spread=0.1)
    result = tw.fit_columns(image, bare(true), shape="auto")
    assert result.attrs["shape"] == "elliptical"
    assert result.attrs["bic_shared"] > result.attrs["bic_elliptical"]


@pytest.mark.parametrize("level", [0, -400])
def test_least_squares_holds_at_any_level(world, level):
    image, true = world
    result = tw.fit_columns(image + level, bare(true), noise="gaussian")
    assert result.attrs["fit_converged"]
    inside = inner(true)
    for name in ("y", "x", "amplitude"):
        pull = pulls(result, true, name)[inside]
        assert abs(pull.mean()) < 0.6
        assert 0.7 < pull.std() < 1.4


def test_the_given_noise_scale_sets_the_errors(world, fitted):
    double = tw.fit_columns(world[0], bare(world[1]), noise_scale=4.0)
    assert double.attrs["noise_scale"] == pytest.approx(4, rel=1e-4)
    ratio = (double["y_std"] / fitted["y_std"]).median()
    assert float(ratio) == pytest.approx(2 / np.sqrt(fitted.attrs["noise_scale"]), rel=0.02)


@pytest.mark.parametrize(("kind", "shape"), [("constant", (1, 1)), ("plane", (2, 2))])
def test_background_kinds(world, kind, shape):
    image, true = world
    tilted = image + 20 * (image["x"] - image["x"].mean()) if kind == "plane" else image
    result = tw.fit_columns(tilted, bare(true), background=kind)
    assert result["background_spline"].shape == shape
    expected = 40.0 + (20 * (true["x"] - image["x"].mean()) if kind == "plane" else 0)
    assert float(abs(result["background"] - expected).mean()) < 1.5


def test_fixed_names_keep_their_values(world, fitted):
    start = fitted.copy(deep=True)
    result = tw.fit_columns(world[0], start, fixed=("x", "amplitude"))
    np.testing.assert_allclose(result["x"], start["x"], atol=2e-7)
    np.testing.assert_allclose(result["amplitude"], start["amplitude"], rtol=1e-6)
    for name in ("x", "amplitude"):
        assert np.isnan(result[f"{name}_std"]).all()
    for name in ("y", "sigma_major", "intensity", "background"):
        assert (result[f"{name}_std"] > 0).all()


def test_fixed_shapes_keep_their_values(world, fitted):
    start = fitted.copy(deep=True)
    result = tw.fit_columns(world[0], start, fixed=FORM)
    for name in FORM:
        np.testing.assert_allclose(result[name], start[name], rtol=1e-5)
        assert np.isnan(result[f"{name}_std"]).all()
    with pytest.raises(ValueError, match="fixed only as a whole"):
        tw.fit_columns(world[0], start, fixed=("theta",))


def test_fixed_masks_hold_single_columns(world, fitted):
    image, true = world
    mask = np.arange(true.sizes["column"]) == 50
    start = fitted.copy(deep=True)
    start["y"][50] += 0.004
    result = tw.fit_columns(image, start, fixed={"y": mask})
    assert float(result["y"][50]) == pytest.approx(float(start["y"][50]), abs=2e-7)
    assert np.isnan(result["y_std"]).values.tolist() == mask.tolist()
    assert np.isnan(result["yx_covariance"]).values.tolist() == mask.tolist()


def test_bounds_hold_and_are_flagged(world):
    image, true = world
    result = tw.fit_columns(image, bare(true), bounds={"amplitude": (0, 150)})
    assert float(result["amplitude"].max()) <= 150 * (1 + 1e-5)
    bright = (true["sublattice"] == 0).values & inner(true)
    assert flagged(result, Flag.at_bound).values[bright].all()
    # what a bound holds was not measured
    assert np.isnan(result["amplitude_std"]).values[bright].all()
    weak = (true["sublattice"] == 1).values & inner(true)
    assert np.isfinite(result["amplitude_std"]).values[weak].all()


def test_bounds_on_sigma_hold(world):
    image, true = world
    result = tw.fit_columns(image, bare(true), bounds={"sigma_major": (None, 0.06)})
    assert float(result["sigma_major"].max()) < 0.06 * (1 + 1e-5)
    assert flagged(result, Flag.at_bound).values[inner(true)].any()


def test_bounds_on_sigma_hold_when_windows_are_widened(world):
    image, true = world
    start = bare(true)
    for name, sigma in (("sigma_major", 0.03), ("sigma_minor", 0.03)):
        start[name] = ("column", np.full(start.sizes["column"], sigma))
    start["theta"] = ("column", np.zeros(start.sizes["column"]))
    result = tw.fit_columns(image, start, bounds={"sigma_major": (None, 0.06)})
    assert float(result["sigma_major"].max()) < 0.06 * (1 + 1e-5)


def test_max_shift_holds_and_is_flagged(world):
    image, true = world
    start = bare(true).copy(deep=True)
    start["y"][50] += 0.05
    result = tw.fit_columns(image, start, max_shift=0.01)
    moved = np.hypot(result["y"] - start["y"], result["x"] - start["x"])
    assert float(moved.max()) < 0.01 * (1 + 1e-4)
    assert flagged(result, Flag.at_bound).values[50]
    assert np.isnan(result["y_std"]).values[50]
    assert np.isnan(result["x_std"]).values[50]
    free = (~flagged(result, Flag.at_bound)).values
    assert np.isfinite(result["y_std"]).values[free].all()


def test_columns_at_the_edge_are_flagged(world, fitted):
    cut = flagged(fitted, Flag.cut_by_edge).values
    assert cut.any()
    assert not cut[inner(world[1])].any()
    assert (fitted["flags"].values[inner(world[1])] == 0).all()


def worst_change(result, reference):
    """Largest change of the old columns, in standard errors."""
    kept = result.sel(column=reference["column"])
    names = ["y", "x", "amplitude", "intensity"]
    return max(float(abs((kept[n] - reference[n]) / reference[f"{n}_std"]).max()) for n in names)


def test_a_start_on_a_vacancy_fails_alone():
    image, true = make(vacancies=0.05)
    reference = tw.fit_columns(image, bare(true))
    gone = xr.Dataset({k: ("v", true.attrs[f"vacancy_{k}"]) for k in "yx"})
    gone = gone.isel(v=np.flatnonzero(inner(gone)))
    start = tw.add_columns(bare(true), gone["y"].values, gone["x"].values)
    result = tw.fit_columns(image, start)
    new = result.isel(column=slice(true.sizes["column"], None))
    assert flagged(new, Flag.failed | Flag.low_signal).all(), [
        describe_flags(int(f)) for f in new["flags"]
    ]
    failed = flagged(new, Flag.failed).values
    assert np.isnan(new["amplitude"].values[failed]).all()
    np.testing.assert_array_equal(new["y"].values[failed], gone["y"].values[failed])
    # the empty place takes up some noise between its neighbours
    assert worst_change(result, reference) < 2.5


def test_a_second_start_on_one_place_is_a_duplicate(world, fitted):
    image, true = world
    start = tw.add_columns(bare(true), float(true["y"][50]) + 0.01, float(true["x"][50]) + 0.01)
    result = tw.fit_columns(image, start)
    assert flagged(result, Flag.duplicate).values.tolist() == [False] * 105 + [True]
    assert np.isnan(result["amplitude"][-1])
    assert worst_change(result, fitted) < 0.05


def test_a_start_outside_fails_alone(world, fitted):
    image, true = world
    result = tw.fit_columns(image, tw.add_columns(bare(true), 10.0, 10.0))
    assert int(result["flags"][-1]) == Flag.failed | Flag.cut_by_edge
    assert float(result["y"][-1]) == 10
    assert worst_change(result, fitted) < 0.05


def test_two_columns_in_one_are_an_overlap(world):
    image, true = world
    start = tw.add_columns(bare(true), float(true["y"][50]) + 0.05, float(true["x"][50]) + 0.05)
    start["sublattice"][-1] = 0
    result = tw.fit_columns(image, start)
    trouble = Flag.overlap | Flag.failed | Flag.low_signal | Flag.at_bound
    assert flagged(result, trouble).values[-1]


def test_clipped_columns_are_saturated(world):
    image, true = world
    result = tw.fit_columns(image.clip(max=190), bare(true))
    saturated = flagged(result, Flag.saturated).values
    bright = (true["sublattice"] == 0).values
    assert saturated[bright & inner(true)].mean() > 0.9
    assert not saturated[~bright].any()


def test_pixels_that_do_not_count_are_left_out(world, fitted):
    image, true = world
    holed = image.copy(deep=True)
    holed[40:44, 50:60] = np.nan
    holed[3, 3] = np.inf
    result = tw.fit_columns(holed, bare(true))
    assert result.attrs["n_pixels"] == image.size - 41
    far = np.hypot(true["y"] - 2.82, true["x"] - 0.35) > 0.4
    far &= inner(true)
    for name in ("y", "x", "amplitude"):
        change = abs((result[name] - fitted[name]) / fitted[f"{name}_std"]).values
        assert change[far].max() < 0.3
        assert np.isfinite(result[name]).all()


@pytest.mark.parametrize("shape", ["elliptical", "shared"])
@pytest.mark.parametrize("level", [0.0, 5.0])
def test_in_a_constant_image_there_are_no_columns(world, shape, level):
    image, true = world
    result = tw.fit_columns(image * 0 + level, bare(true), shape=shape)
    assert flagged(result, Flag.failed | Flag.low_signal).all()
    assert float(result["amplitude"].fillna(0).max()) < 1e-3 * max(level, 1)


@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_columns_are_enough(count):
    image, true = lattice_image(
        SHAPE,
        (3.0, 0.0),
        (0.0, 4.0),
        [Site(0, 0, 1.0, 0.06), Site(0.0, 0.07, 0.6, 0.06)][:count],
        sampling=SAMPLING,
        origin=ORIGIN,
        dose=2000,
        background=0.2,
    )
    assert true.sizes["column"] == count
    result = tw.fit_columns(image, bare(true))
    assert (result["flags"] == 0).all()
    for name in ("y", "x", "amplitude", "intensity"):
        assert np.abs(pulls(result, true, name)).max() < 4


def test_whole_numbers_are_taken(world, fitted):
    image, true = world
    result = tw.fit_columns(image.astype("uint16"), bare(true))
    np.testing.assert_allclose(result["y"], fitted["y"], atol=1e-6)


def test_report_is_told_and_may_cancel(world):
    image, true = world
    told = []
    tw.fit_columns(image, bare(true), report=told.append)
    assert told
    assert all(0 <= f <= 1 for f in told)

    def cancel(fraction):
        raise CancelledError

    with pytest.raises(CancelledError):
        tw.fit_columns(image, bare(true), report=cancel)


def test_sublattices_are_told_apart_by_height(world, shared):
    image, true = world
    result = tw.fit_columns(image, true[["y", "x"]], shape="shared")
    agree = (result["sublattice"] == true["sublattice"]).values
    assert agree[inner(true)].all()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"noise": "laplace"}, "noise must be one of poisson, gaussian, but 'laplace' came"),
        ({"shape": "square"}, "shape must be one of elliptical, round, shared, auto"),
        ({"background": "wavy"}, "background must be one of smooth, plane, constant"),
        ({"max_shift": -1}, "max_shift must be a positive number or None, but -1 came"),
        ({"noise_scale": 0}, "noise_scale must be a positive number"),
        ({"background_scale": np.inf}, "background_scale must be a positive number"),
        ({"fixed": ("z",)}, "Each name in fixed must be one of"),
        ({"fixed": {"y": [True, False]}}, "one boolean per column"),
        ({"bounds": {"theta": (0, 1)}}, "'theta' cannot be bounded"),
        ({"bounds": {"y": (1, 0)}}, "low < high"),
    ],
)
def test_wrong_options_get_a_sentence(world, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        tw.fit_columns(world[0], bare(world[1]), **options)


def test_wrong_data_get_a_sentence(world):
    image, true = world
    with pytest.raises(ValueError, match="None of the 105 columns lies in the image"):
        tw.fit_columns(image, bare(true).assign(y=true["y"] + 100))
    with pytest.raises(ValueError, match="The image is in nm but the columns are in px"):
        tw.fit_columns(image, tw.make_columns([50.0], [50.0], units="px"))
    with pytest.raises(ValueError, match="pixels is finite"):
        tw.fit_columns(image * np.nan, bare(true))
    with pytest.raises(TypeError, match="An image is an xarray DataArray"):
        tw.fit_columns(image.values, bare(true))
    with pytest.raises(TypeError, match="Columns are an xarray Dataset"):
        tw.fit_columns(image, true["y"])


def test_crowded_columns_are_told_that_shared_shapes_pay():
    image, true = tw.synthetic.crowded((96, 112), dose=200, seed=1)
    result = tw.fit_columns(image, true[["y", "x", "sublattice"]])
    assert "shape='shared'" in result.attrs["fit_hint"]


def test_heights_over_an_almost_empty_background_are_not_drawn_down():
    # counting noise was taken for less than it is, and so the rest for a misfit
    image, truth = tw.synthetic.lattice_image(
        (168, 200), (0, 24), (24, 0), [Site(0.5, 0.5, 1, 2.5)], dose=12, background=0.01, margin=2
    )
    fitted = tw.fit_columns(image, truth[["y", "x"]], shape="round", background="constant")
    pull = (fitted["amplitude"] - 12.0) / fitted["amplitude_std"]
    assert abs(float(pull.mean())) < 3 / pull.size**0.5
    assert float(fitted["sigma_major"].mean()) == pytest.approx(2.5, abs=0.08)
