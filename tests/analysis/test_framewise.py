"""An analysis on every frame: the same as on each alone, resumed, stopped, and with bad frames."""

import json

import numpy as np
import pytest
import xarray as xr

import temwidgets as tw
from temwidgets.analysis.framewise import framewise
from temwidgets.conventions import CancelledError


@pytest.fixture
def stack():
    """Five frames of unequal pixels, numbered from 3 in steps of 2, away from the origin."""
    rng = np.random.default_rng(4)
    image = tw.make_image(rng.poisson(50, (5, 20, 26)), sampling=(0.02, 0.03), origin=(1.0, -2.0))
    return image.assign_coords(frame=[3, 5, 7, 9, 11])


calls = []


def smooth(image, *, width=3, offset=0.0):
    calls.append(int(image["frame"]))
    assert image.ndim == 2
    assert image.chunks is None
    return image.rolling(x=width, center=True).mean() + offset


def picky(image):
    if int(image["frame"]) == 7:
        raise ValueError("This frame is too dark.")
    return image.mean()


def broken(image):
    raise ValueError("There is nothing here.")


def found(image):
    count = 3 + int(image["frame"]) % 2
    return tw.make_columns(1.0 + np.arange(count) / 100, -1.9 + np.arange(count) / 100)


@pytest.fixture(autouse=True)
def _fresh():
    calls.clear()


def test_each_result_is_that_of_the_frame_alone(stack):
    results = tw.each_frame(smooth, stack, width=5)
    assert list(results) == [3, 5, 7, 9, 11]
    assert repr(results) == "<FrameResults of smooth: 5 frames>"
    for number in results:
        xr.testing.assert_identical(results[number], smooth(stack.sel(frame=number), width=5))
    joined = results.stacked()
    assert joined.dims == ("frame", "y", "x")
    xr.testing.assert_equal(joined.sel(frame=7, drop=True), results[7].drop_vars("frame"))
    assert joined["frame"].attrs["units"] == "1"


def test_some_frames_only(stack):
    results = tw.each_frame(smooth, stack, frames=[9, 3])
    assert list(results) == calls == [3, 9]
    assert 5 not in results
    with pytest.raises(KeyError):
        results[5]


def test_a_lazy_stack_is_loaded_a_frame_at_a_time(stack):
    dask = pytest.importorskip("dask.array")
    loaded = []

    def load(block, block_info=None):
        loaded.append(block.shape)
        return block

    lazy = stack.chunk(frame=1)
    lazy = lazy.copy(data=dask.map_blocks(load, lazy.data, dtype=stack.dtype, meta=np.empty((0,))))
    first = next(iter(tw.each_frame(smooth, lazy, frames=[5]).values()))
    assert loaded == [(1, 20, 26)]
    xr.testing.assert_equal(first, smooth(stack.sel(frame=5)))


def test_a_bad_frame_is_told_and_the_others_are_there(stack):
    results = tw.each_frame(picky, stack)
    assert list(results) == [3, 5, 9, 11]
    assert results.failed == {7: "This frame is too dark."}
    assert "1 failed: [7]" in repr(results)
    with pytest.raises(KeyError, match="picky failed on frame 7: This frame is too dark"):
        results[7]
    with pytest.warns(UserWarning, match=r"picky failed on 1 of 5 frames, .* \[7\]"):
        joined = results.stacked()
    assert joined.attrs["failed_frames"] == [7]
    assert joined.attrs["failures"] == ["This frame is too dark."]
    assert joined.sizes == {"frame": 4}


def test_when_every_frame_fails_it_is_an_error(stack):
    text = "broken failed on every frame; on frame 3: There is nothing here."
    with pytest.raises(ValueError, match=text):
        tw.each_frame(broken, stack)


def test_rows_counted_anew_are_not_joined(stack):
    results = tw.each_frame(found, stack)
    with pytest.raises(ValueError, match="found numbers each column anew in every frame"):
        results.stacked()
    grids = tw.each_frame(lambda image: image[: 4 + int(image["frame"])], stack)
    with pytest.raises(ValueError, match="do not lie on the same grid in all frames"):
        grids.stacked()
    with pytest.raises(ValueError, match="gives a str, which has no grid"):
        tw.each_frame(lambda image: "text", stack).stacked()


def test_columns_that_are_given_keep_their_labels(stack):
    columns = tw.make_columns([1.1, 1.2], [-1.8, -1.5], labels=[4, 9])

    def measure(image, columns, *, scale):
        return columns.assign(height=columns["y"] * 0 + float(image.mean()) * scale).assign_attrs(
            mean=float(image.mean()), scale=scale
        )

    joined = tw.each_frame(measure, stack, columns, scale=2.0).stacked()
    assert joined["height"].dims == joined["y"].dims == ("frame", "column")
    np.testing.assert_allclose(joined["height"].isel(column=1), 2 * stack.mean(("y", "x")))
    assert list(joined["column"].values) == [4, 9]
    assert joined.attrs["scale"] == 2.0
    np.testing.assert_allclose(joined.attrs["mean"], stack.mean(("y", "x")))
    assert joined.attrs["of_frames"] == ["mean"]

    def mean_of(image, columns):
        assert columns["height"].dims == ("column",)
        return columns.attrs["mean"] - float(image.mean())

    np.testing.assert_allclose(tw.each_frame(mean_of, stack, joined).stacked(), 0)


def test_arguments_of_each_frame(stack):
    places = tw.each_frame(found, stack)

    def count(image, columns):
        return columns.sizes["column"] + 0 * image.mean()

    counted = tw.each_frame(count, stack, places).stacked()
    np.testing.assert_array_equal(counted, [4, 4, 4, 4, 4])
    some = tw.each_frame(found, stack, frames=[3, 5])
    partly = tw.each_frame(count, stack, some)
    assert list(partly) == [3, 5]
    assert partly.failed[7] == "found gave no result on this frame to go on from."
    level = stack.mean(("y", "x"))
    flat = tw.each_frame(lambda image, level: image - level, stack, level).stacked()
    np.testing.assert_allclose(flat.mean(("y", "x")), 0, atol=1e-9)
    short = tw.each_frame(lambda image, level: image - level, stack, level=level[:2])
    assert "An argument has no frame 7" in short.failed[7]


def test_results_of_each_frame_are_analysed_on(stack, tmp_path):
    places = tw.each_frame(found, stack)
    moved = tw.each_frame(tw.move_columns, places, [0], y=5.0, x=6.0, folder=tmp_path)
    assert [float(moved[n]["y"][0]) for n in moved] == [5.0] * 5
    assert float(moved[3]["y"][1]) == 1.01
    with pytest.raises(ValueError, match="move_columns numbers each column anew"):
        moved.stacked()
    with pytest.raises(ValueError, match="with another stack"):
        tw.each_frame(tw.move_columns, moved, [0], y=5.0, x=6.0, folder=tmp_path)

    def measure(image, columns):
        return columns.assign(height=columns["y"] * 0 + float(image.mean()))

    columns = tw.make_columns([1.1, 1.2], [-1.8, -1.5], labels=[4, 9])
    for source in (measured := tw.each_frame(measure, stack, columns), measured.stacked()):
        less = tw.each_frame(tw.delete_columns, source, labels=[4]).stacked()
        np.testing.assert_array_equal(less["height"], measured.stacked()["height"][:, 1:])
    with pytest.raises(ValueError, match="A Dataset with a dim frame was expected"):
        tw.each_frame(tw.delete_columns, columns, labels=[4])


def test_the_image_may_stand_anywhere(stack):
    def difference(columns, image):
        return image - float(columns["y"][0])

    joined = tw.each_frame(difference, stack, tw.make_columns([1.0], [1.0])).stacked()
    xr.testing.assert_allclose(joined, stack - 1.0)
    named = tw.each_frame(difference, stack, columns=tw.make_columns([1.0], [1.0])).stacked()
    xr.testing.assert_equal(named, joined)


def test_progress_and_cancelling(stack):
    told = []
    tw.each_frame(smooth, stack, report=told.append)
    assert told == [0.2, 0.4, 0.6, 0.8, 1.0]

    def half(image, report=None):
        report(0.5)
        return image

    told.clear()
    tw.each_frame(half, stack, frames=[3, 5], report=told.append)
    assert told == [0.25, 0.5, 0.75, 1.0]

    def stop(fraction):
        if fraction > 0.5:
            raise CancelledError("enough")

    calls.clear()
    with pytest.raises(CancelledError):
        tw.each_frame(smooth, stack, report=stop)
    assert calls == [3, 5, 7]


# --- in a folder ---------------------------------------------------------------------------


def test_an_interrupted_job_goes_on(stack, tmp_path):
    def stop(fraction):
        if fraction > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tw.each_frame(smooth, stack, folder=tmp_path / "out", report=stop)
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [
        "frame_00003.nc", "frame_00005.nc", "frame_00007.nc", "job.json",
    ]  # fmt: skip
    assert list(tw.open_frames(tmp_path / "out")) == [3, 5, 7]
    calls.clear()
    told = []
    results = tw.each_frame(smooth, stack, folder=tmp_path / "out", report=told.append)
    assert calls == [9, 11]
    assert told == [0.8, 1.0]
    xr.testing.assert_identical(results.stacked(), tw.each_frame(smooth, stack).stacked())
    again = tw.open_frames(str(tmp_path / "out"))
    xr.testing.assert_identical(again.stacked(), results.stacked())
    assert again.name == "smooth"


def test_frames_can_be_added_later(stack, tmp_path):
    assert list(tw.each_frame(smooth, stack, frames=[5], folder=tmp_path)) == [5]
    assert list(tw.each_frame(smooth, stack, frames=[11], folder=tmp_path)) == [11]
    assert calls == [5, 11]
    assert list(tw.open_frames(tmp_path)) == [5, 11]


def test_a_folder_of_another_job_is_refused(stack, tmp_path):
    tw.each_frame(smooth, stack, folder=tmp_path, width=5)
    with pytest.raises(ValueError, match=r"results of smooth with another arguments \(width\)"):
        tw.each_frame(smooth, stack, folder=tmp_path, width=3)
    with pytest.raises(ValueError, match="with another stack"):
        tw.each_frame(smooth, stack + 1, folder=tmp_path, width=5)
    with pytest.raises(ValueError, match=r"another arguments .*, code, function"):
        tw.each_frame(picky, stack, folder=tmp_path)
    calls.clear()
    tw.each_frame(smooth, stack, folder=tmp_path, width=5)
    assert calls == []


def test_a_changed_function_of_a_notebook_is_another(stack, tmp_path):
    def make(number, nested=0):
        names = {}
        exec(
            f"def f(image):\n    return image + max(map(lambda x: x + {nested}, [{number}]))", names
        )
        return names["f"]

    for name in ("a", "b"):  # the same lines again, as a cell that is run again
        tw.each_frame(make(1), stack, folder=tmp_path / name)
        tw.each_frame(make(1), stack, folder=tmp_path / name)
    for other in (make(2), make(1, nested=1)):
        with pytest.raises(ValueError, match="with another code"):
            tw.each_frame(other, stack, folder=tmp_path / "a")


@pytest.mark.parametrize("kind", ["array", "columns", "lattice"])
def test_large_arguments_are_told_apart(stack, tmp_path, kind):
    def use(image, thing):
        return image

    things = {
        "array": (np.arange(3), np.arange(3) + 1),
        "columns": (tw.make_columns([1.0], [2.0]), tw.make_columns([1.0], [2.1])),
        "lattice": (stack.isel(frame=0).rename(None), stack.isel(frame=1)),
    }[kind]
    tw.each_frame(use, stack, things[0], folder=tmp_path)
    tw.each_frame(use, stack, things[0].copy(), folder=tmp_path)
    with pytest.raises(ValueError, match=r"another arguments \(thing\)"):
        tw.each_frame(use, stack, things[1], folder=tmp_path)


def test_failed_frames_are_kept_in_mind_and_tried_again(stack, tmp_path):
    assert tw.each_frame(picky, stack, folder=tmp_path).failed == {7: "This frame is too dark."}
    assert tw.open_frames(tmp_path).failed == {7: "This frame is too dark."}
    assert json.loads((tmp_path / "failed.json").read_text()) == {"7": "This frame is too dark."}
    again = tw.each_frame(picky, stack, folder=tmp_path)
    assert again.failed == {7: "This frame is too dark."}
    assert list(again) == [3, 5, 9, 11]


def test_numbers_are_kept_and_texts_are_not(stack, tmp_path):
    mean = tw.each_frame(lambda image: float(image.mean()), stack, folder=tmp_path / "a")
    np.testing.assert_allclose(mean.stacked(), stack.mean(("y", "x")))
    with pytest.raises(ValueError, match="gives a str, which cannot be written"):
        tw.each_frame(lambda image: "text", stack, folder=tmp_path / "b")


def test_a_folder_without_results(tmp_path):
    with pytest.raises(ValueError, match="holds no results of frames"):
        tw.open_frames(tmp_path)
    (tmp_path / "job.json").write_text("{")
    with pytest.raises(ValueError, match=r"job\.json is damaged"):
        tw.open_frames(tmp_path)


# --- what is refused, and analyses that take a stack --------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "sentence"),
    [
        (lambda s: tw.each_frame(smooth, s[0]), ValueError, r"\(frame, y, x\) was expected"),
        (lambda s: tw.each_frame(3, s), TypeError, "function is an analysis to run, but a int"),
        (lambda s: tw.each_frame(smooth, s, depth=1), TypeError, "smooth does not take these"),
        (lambda s: tw.each_frame(lambda: 1, s), TypeError, "takes no image"),
        (lambda s: tw.each_frame(smooth, s, frames=[4]), ValueError, r"frames names \[4\], but"),
        (lambda s: tw.each_frame(smooth, s, frames=[]), ValueError, "frames names none"),
        (lambda s: tw.each_frame(smooth, s.assign_coords(frame=[1] * 5)), ValueError, "number the"),
        (lambda s: tw.each_frame(smooth, s, scheduler=8), TypeError, "scheduler is an address"),
        (lambda s: tw.each_frame(lambda image, *a: a, s, 1), TypeError, "need names"),
        (lambda s: tw.estimate_separation(s), ValueError, "all of them with temwidgets.each_frame"),
    ],
)
def test_what_is_refused(stack, call, error, sentence):
    with pytest.raises(error, match=sentence):
        call(stack)


def test_a_decorated_analysis_takes_a_stack(stack):
    @framewise
    def shifted(image, by=1.0, *, report=None, **options):
        assert image.dims == ("y", "x")
        return image + by + options.get("more", 0)

    assert shifted.__name__ == "shifted"
    xr.testing.assert_equal(shifted(stack[0], 2.0), stack[0] + 2)
    told = []
    xr.testing.assert_equal(shifted(stack, 2.0, more=1, report=told.append), stack + 3)
    assert told[-1] == 1.0
    with pytest.raises(TypeError, match="positional"):
        shifted(stack, 1, 2, 3)


# --- the analyses that take a stack --------------------------------------------------------


@pytest.fixture(scope="module")
def movie():
    """Three noisy frames of one crystal."""
    clean, _ = tw.synthetic.perovskite((70, 84), dose=500, seed=3)
    frames = [np.random.default_rng(i).poisson(clean.values) for i in range(3)]
    return tw.make_image(np.stack(frames), sampling=0.1, origin=(3.0, -1.0))


def test_columns_are_fitted_in_every_frame(movie):
    columns = tw.find_columns(movie.mean("frame"))
    fitted = tw.fit_columns(movie, columns, background="plane")
    assert fitted["intensity"].dims == ("frame", "column")
    alone = tw.fit_columns(movie[1], columns, background="plane")
    np.testing.assert_array_equal(fitted["y"][1], alone["y"])
    assert fitted.attrs["reduced_chi2"][1] == alone.attrs["reduced_chi2"]
    model = tw.model_image(fitted, movie)
    xr.testing.assert_equal(
        model[1].drop_vars("frame"), tw.model_image(alone, movie[1]).drop_vars("frame")
    )
    xr.testing.assert_allclose(tw.residual_image(fitted, movie), movie - model)
    assert tw.voronoi_intensity(movie, columns)["voronoi_intensity"].dims == ("frame", "column")

    lattice = tw.fit_lattice(alone)
    moved = tw.displacements(tw.index_columns(fitted, lattice), lattice)
    assert moved["displacement"].dims == ("frame", "column", "component")
    there = tw.displacements(tw.index_columns(alone, lattice), lattice)
    np.testing.assert_array_equal(moved["displacement"][1], there["displacement"])
    strain = tw.column_strain(moved, lattice)
    np.testing.assert_array_equal(strain["e_xx"][1], tw.column_strain(there, lattice)["e_xx"])


def test_maps_of_every_frame(movie):
    spectra = tw.power_spectrum(movie)
    assert spectra.dims == ("frame", "ky", "kx")
    np.testing.assert_array_equal(spectra[2], tw.power_spectrum(movie[2]))
    reflections = tw.find_reflections(movie.mean("frame"))
    filtered = tw.fourier_filter(movie, reflections)
    np.testing.assert_array_equal(filtered[1], tw.fourier_filter(movie[1], reflections))
    maps = tw.local_spacing(movie, reflections)
    assert maps["d_spacing"].dims == ("frame", "reflection", "y", "x")
    strain = tw.geometric_phase(movie, reflections)
    assert strain["e_xx"].dims == ("frame", "y", "x")
    with pytest.raises(ValueError, match="local_spacing numbers each reflection anew"):
        tw.local_spacing(movie)
