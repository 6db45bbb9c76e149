"""A recipe on many files: the table, the bad one, and going on."""

import csv
import os

import numpy as np
import pytest
import tifffile
import xarray as xr

import temwidgets as tw
from temwidgets.conventions import CancelledError
from temwidgets.recipes import folder as folders
from temwidgets.recipes import opening
from temwidgets.recipes.kept import names_in
from temwidgets.recipes.reading import parse_recipe

FIND = parse_recipe("steps:\n- {function: find_columns, into: columns}\n")


@pytest.fixture
def analysed(monkeypatch):
    """Which images are analysed."""
    seen = []
    analyse = folders._analyse

    def watched(recipe, image, notes):
        seen.append(int(image.sum()))
        return analyse(recipe, image, notes)

    monkeypatch.setattr(folders, "_analyse", watched)
    return seen


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_folder_with_a_bad_file(folder, count, tmp_path):
    told = []
    table = tw.run_files("fit", folder, tmp_path / "out", tell=told.append)
    assert list(table["status"].values) == ["done", "failed", "done"]
    assert "b.tif cannot be read as a .tif file" in str(table["error"].values[1])
    np.testing.assert_array_equal(table["n_columns"], [count, np.nan, count])
    columns = tw.open_result(tmp_path / "out" / "a" / "columns.nc")
    assert columns.sizes["column"] == count
    assert not (tmp_path / "out" / "b").exists()
    rows = rows_of(tmp_path / "out" / "summary.csv")
    assert [row["file"] for row in rows] == [str(folder / n) for n in ("a.nc", "b.tif", "c.nc")]
    assert [row["file"] for row in rows] == [row["file"] for row in told]
    first = rows[0]
    assert float(first["reduced_chi2"]) == columns.attrs["reduced_chi2"]
    assert float(first["intensity_median"]) == float(columns["intensity"].median())
    assert float(first["separation"]) == columns.attrs["separation"]
    assert int(first["n_flagged"]) == int((columns["flags"] != 0).sum())
    assert first["units"] == "nm"
    assert float(first["seconds"]) > 0
    assert rows[1]["n_columns"] == rows[0]["error"] == ""


def test_the_lattice_of_each_image(crystal, tmp_path):
    tw.save(tmp_path / "a.nc", crystal)
    table = tw.run_files("lattice", tmp_path / "a.nc", tmp_path / "out")
    assert str(table["error"].values[0]) == ""
    lengths = sorted([float(table["a"][0]), float(table["b"][0])])
    np.testing.assert_allclose(lengths, [12 * 0.02, 12 * 0.021], rtol=0.01)
    np.testing.assert_allclose(table["angle"], 90, atol=1)
    assert float(table["displacement_median"][0]) < 0.01
    assert (tmp_path / "out" / "a" / "lattice.nc").exists()


def test_a_second_run_does_only_what_is_new(folder, tmp_path, analysed):
    first = tw.run_files(FIND, folder, tmp_path / "out")
    assert len(analysed) == 2
    again = tw.run_files(FIND, folder, tmp_path / "out")
    assert len(analysed) == 2
    xr.testing.assert_identical(first, again)
    stat = (folder / "c.nc").stat()
    os.utime(folder / "c.nc", ns=(stat.st_atime_ns, stat.st_mtime_ns + 1_000_000_000))
    tw.run_files(FIND, folder, tmp_path / "out")
    assert len(analysed) == 3
    tw.run_files(FIND, folder, tmp_path / "out", sampling=0.5)
    assert len(analysed) == 5
    tw.run_files(FIND, folder, tmp_path / "out", sampling=0.5, again=True)
    assert len(analysed) == 7


def test_another_recipe_leaves_nothing_old(folder, tmp_path):
    tw.run_files(FIND, folder / "a.nc", tmp_path)
    assert (tmp_path / "a" / "columns.nc").exists()
    text = "steps:\n- {function: power_spectrum, into: spectrum}\n"
    tw.run_files(parse_recipe(text), folder / "a.nc", tmp_path)
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == [
        "done.json", "file.json", "spectrum.nc",
    ]  # fmt: skip


def test_a_stopped_run_goes_on(folder, tmp_path, analysed):
    def stop(fraction):
        if fraction > 0.5:
            raise CancelledError("enough")

    with pytest.raises(CancelledError):
        tw.run_files(FIND, folder, tmp_path / "out", report=stop)
    assert len(analysed) == 1
    assert len(rows_of(tmp_path / "out" / "summary.csv")) == 2
    table = tw.run_files(FIND, folder, tmp_path / "out")
    assert len(analysed) == 2
    assert list(table["status"].values) == ["done", "failed", "done"]


def test_a_series_is_done_frame_by_frame(image, count, tmp_path, analysed):
    stack = xr.concat([image, image * 0, image + 1], "frame").transpose("frame", "y", "x")
    np.save(tmp_path / "movie.npy", stack.values)
    recipe = parse_recipe(
        "steps:\n- {function: normalise, into: image}\n- {function: find_columns, into: columns}\n"
    )
    for _ in range(2):
        table = tw.run_files(recipe, tmp_path / "movie.npy", tmp_path / "out", sampling=0.02)
        assert list(table["frame"].values) == [0, 1, 2]
        assert list(table["status"].values) == ["done", "failed", "done"]
        assert "Step 1, normalise: The image cannot be normalised" in str(table["error"].values[1])
    assert len(analysed) == 4  # the bad frame is tried again
    found = tw.open_result(tmp_path / "out" / "movie" / "frame_00002" / "columns.nc")
    assert found.sizes["column"] == count


def test_what_was_made_before_a_step_failed_is_kept(folder, count, tmp_path):
    recipe = parse_recipe(
        "steps:\n- {function: find_columns, into: columns}\n"
        "- {function: normalise, into: image, options: {low: 50, high: 40}}\n"
    )
    for _ in range(2):  # it is tried again
        table = tw.run_files(recipe, folder / "a.nc", tmp_path)
        assert list(table["status"].values) == ["failed"]
        assert str(table["error"].values[0]).startswith("Step 2, normalise: low and high are")
        assert int(table["n_columns"][0]) == count
    assert sorted(file.name for file in (tmp_path / "a").iterdir()) == ["columns.nc", "file.json"]


def test_large_stacks_are_not_loaded(image, tmp_path, monkeypatch):
    pytest.importorskip("dask.array")
    monkeypatch.setattr(opening, "_LARGE", 0)
    np.save(tmp_path / "movie.npy", np.stack([image.values] * 2))
    opened, _ = folders._open(tmp_path / "movie.npy", {"sampling": 0.02})
    assert opened.chunks is not None
    table = tw.run_files(FIND, tmp_path / "movie.npy", tmp_path / "out", sampling=0.02)
    assert list(table["status"].values) == ["done", "done"]


def test_a_large_file_that_cannot_be_opened_lazily_is_read(image, tmp_path, monkeypatch):
    monkeypatch.setattr(opening, "_LARGE", 0)
    grey = (image.values // 8).clip(0, 255).astype(np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", np.stack([grey] * 3, -1), photometric="rgb")
    opened = opening.open_image(tmp_path / "a.tif", {"sampling": 0.02})
    assert opened.chunks is None
    np.testing.assert_array_equal(opened, grey)


def test_warnings_are_noted(tmp_path):
    np.save(tmp_path / "a.npy", np.random.default_rng(0).poisson(40, (30, 40)))
    table = tw.run_files(FIND, [tmp_path / "a.npy"], tmp_path / "out")
    assert "a.npy is not calibrated" in str(table["notes"].values[0])
    assert str(table["units"].values[0]) == "px"


def test_the_recipe_says_how_to_read(folder, tmp_path):
    recipe = parse_recipe(
        "read: {sampling: 0.5}\nsteps:\n- {function: find_columns, into: columns}\n"
    )
    table = tw.run_files(recipe, folder / "a.nc", tmp_path / "out")
    assert float(table["separation"][0]) > 3
    table = tw.run_files(recipe, folder / "a.nc", tmp_path / "out", sampling=0.02)
    assert float(table["separation"][0]) < 1


def test_a_missing_file_is_a_row(folder, tmp_path):
    table = tw.run_files(FIND, [folder / "a.nc", folder / "none.nc"], tmp_path / "out")
    assert list(table["status"].values) == ["done", "failed"]
    assert "There is no file" in str(table["error"].values[1])


def test_no_files_at_all(tmp_path):
    (tmp_path / "empty").mkdir()
    for paths in (tmp_path / "empty", []):
        with pytest.raises(ValueError, match="There is no file to work on in"):
            tw.run_files("fit", paths, tmp_path / "out")


def test_files_that_are_called_alike(tmp_path):
    assert names_in([tmp_path / "a.tif", tmp_path / "b.tif"]) == ["a", "b"]
    assert names_in([tmp_path / "a.tif", tmp_path / "a.dm3", tmp_path / "b.tif"]) == [
        "a_tif", "a_dm3", "b",
    ]  # fmt: skip
    assert names_in([tmp_path / "p" / "a.tif", tmp_path / "q" / "a.tif"]) == ["p_a_tif", "q_a_tif"]


def test_results_may_lie_beside_the_images(folder):
    tw.run_files(FIND, folder, folder)
    assert (folder / "a" / "columns.nc").exists()
    assert tw.run_files(FIND, folder, folder).sizes["image"] == 3


def test_on_a_cluster(folder, tmp_path):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=":0"
    ) as one:
        there = tw.run_files(FIND, folder, tmp_path / "a", scheduler=one.scheduler_address)
    here = tw.run_files(FIND, folder, tmp_path / "b")
    xr.testing.assert_identical(there.drop_vars("seconds"), here.drop_vars("seconds"))
    xr.testing.assert_identical(
        tw.open_result(tmp_path / "a" / "c" / "columns.nc"),
        tw.open_result(tmp_path / "b" / "c" / "columns.nc"),
    )
