"""The command: what it prints, what it writes, how it fails."""

import os
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

import temwidgets as tw
from temwidgets import _tour, cli
from temwidgets.conventions import check_columns, flag_variable, make_image, pixel_grid


@pytest.fixture
def lattice(tmp_path):
    """A small image with non-square pixels and an origin, in a file, with its truth."""
    rows, cols = np.mgrid[8:64:14, 8:80:14]
    y, x = np.mgrid[:72, :88]
    near = [(y - r) ** 2 + (x - c) ** 2 for r, c in zip(rows.flat, cols.flat, strict=True)]
    counts = 30 + sum(400 * np.exp(-d / 18) for d in near)
    counts = np.random.default_rng(1).poisson(counts).astype(np.uint16)
    image = make_image(counts, sampling=(0.02, 0.021), origin=(1.0, 2.0))
    return tw.save(tmp_path / "lattice.nc", image), image, rows.size


def test_version_and_help(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"temwidgets {tw.__version__}\n"
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    told = capsys.readouterr().out
    assert "info" in told
    assert "find and fit the columns" in told


def test_it_starts_without_the_heavy_imports():
    heavy = "{'jax', 'xarray', 'skimage', 'sklearn', 'scipy', 'ipywidgets', 'jupyterlab'}"
    code = f"import sys, temwidgets.cli; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_wrong_arguments_exit_with_2(capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(["fit", "a.nc", "--shape", "square"])
    assert stop.value.code == 2
    assert "invalid choice" in capsys.readouterr().err


# --- info ----------------------------------------------------------------------------------


def test_info_of_an_image(capsys):
    assert cli.main(["info", str(tw.examples.path("perovskite_trilayer"))]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "perovskite_trilayer.nc"
    assert told[1] == "* intensity: image, 512 x 640, 0.02724 x 0.0271 nm per pixel (y, x)"
    assert told[2] == "  pixels: uint16, 9389 to 53354"
    assert "  detector: HAADF" in told
    assert cli.main(["info", str(tw.examples.path("ti_wse2"))]) == 0
    assert "  beam_energy: 80.0 keV" in capsys.readouterr().out


def test_info_says_when_nothing_is_calibrated(tmp_path, capsys):
    np.save(tmp_path / "a.npy", np.zeros((5, 6)))
    assert cli.main(["info", str(tmp_path / "a.npy")]) == 0
    told = capsys.readouterr()
    assert "* a: image, 5 x 6, not calibrated" in told.out
    assert told.err == ""


def test_info_of_results(tmp_path, capsys):
    tw.save(tmp_path / "c.nc", tw.make_columns([1.0], [2.0]))
    assert cli.main(["info", str(tmp_path / "c.nc")]) == 0
    assert "next_label" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("missing.tif", None, "temwidgets: There is no file"),
        ("a.txt", b"a", "temwidgets: a.txt ends in '.txt', which cannot be read"),
        ("a.tif", b"a", "temwidgets: a.tif cannot be read as a .tif file"),
        ("a.tif", b"", "temwidgets: a.tif is empty"),
    ],
)
def test_errors_are_a_sentence_and_exit_code_2(tmp_path, capsys, name, content, sentence):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    for command in ("info", "fit"):
        assert cli.main([command, str(tmp_path / name)]) == 2
        told = capsys.readouterr()
        assert told.err.startswith(sentence)
        assert told.err.count("\n") == 1


# --- fit -----------------------------------------------------------------------------------


@pytest.fixture
def calls(monkeypatch):
    """Put a fit that takes no time in the place of `fit_columns`; return what it was given."""
    given = []

    def fit(image, columns, *, report, **options):
        if report is not None:  # a worker has none
            report(0.5)
            report(1.0)
        given.append((image, options))
        return columns.assign(flags=flag_variable(np.arange(columns.sizes["column"]) == 0))

    monkeypatch.setattr(tw, "fit_columns", fit, raising=False)
    return given


def test_fit_finds_fits_and_saves(lattice, tmp_path, capsys):
    path, _, count = lattice
    target = tmp_path / "out.nc"
    assert cli.main(["fit", str(path), "-o", str(target)]) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"{count} columns fitted in ")
    assert "reduced chi²" in told
    assert told.endswith(f"saved in {target}\n")
    columns = check_columns(tw.open_result(target), needs=("amplitude", "intensity_std", "flags"))
    assert columns.sizes["column"] == count
    assert columns.attrs["source"] == "lattice.nc"
    np.testing.assert_allclose(columns["y"].min(), 1.0 + 8 * 0.02, atol=0.005)
    np.testing.assert_allclose(columns["x"].max(), 2.0 + 78 * 0.021, atol=0.005)


def test_fit_passes_its_options_on(lattice, calls, capsys):
    path, image, count = lattice
    options = ["--shape", "shared", "--noise", "gaussian", "--background", "plane"]
    assert cli.main(["fit", str(path), *options, "--separation", "0.15"]) == 0
    ((given, passed),) = calls
    xr.testing.assert_equal(given, image)
    assert passed == {"shape": "shared", "noise": "gaussian", "background": "plane"}
    told = capsys.readouterr()
    assert f"{count} columns fitted" in told.out
    assert "flags: 1 not converged; saved in" in told.out
    assert tw.open_result(path.with_name("lattice_columns.nc")).attrs["separation"] == 0.15


def test_fit_names_its_result_after_the_image_and_calibrates(lattice, calls, tmp_path, capsys):
    _, image, count = lattice
    np.save(tmp_path / "raw.npy", image.values)
    assert cli.main(["fit", str(tmp_path / "raw.npy")]) == 0
    assert capsys.readouterr().err.startswith("temwidgets: raw.npy is not calibrated")
    columns = tw.open_result(tmp_path / "raw_columns.nc")
    assert columns.sizes["column"] == count
    assert columns["y"].attrs["units"] == "px"
    assert cli.main(["fit", str(tmp_path / "raw.npy"), "--sampling", "0.02", "0.03"]) == 0
    assert "not calibrated" not in capsys.readouterr().err
    assert pixel_grid(calls[1][0]).sampling == pytest.approx((0.02, 0.03))


@pytest.mark.parametrize("suffix", ["csv", "xyz"])
def test_fit_writes_tables(lattice, calls, tmp_path, capsys, suffix):
    path, image, count = lattice
    assert cli.main(["fit", str(path), "-o", str(tmp_path / f"out.{suffix}")]) == 0
    columns = tw.read_columns(tmp_path / f"out.{suffix}")
    assert columns.sizes["column"] == count
    np.testing.assert_allclose(columns["y"].min(), 1.0 + 8 * 0.02, atol=0.005)
    np.save(tmp_path / "raw.npy", image.values)
    raw = ["fit", str(tmp_path / "raw.npy"), "-o", str(tmp_path / f"raw.{suffix}")]
    assert cli.main(raw) == (2 if suffix == "xyz" else 0)
    assert ("needs lengths" in capsys.readouterr().err) == (suffix == "xyz")


def test_a_frame_of_a_series(lattice, calls, tmp_path, capsys):
    _, image, _ = lattice
    np.save(tmp_path / "s.npy", np.stack([image.values * 0, image.values]))
    fit = ["fit", str(tmp_path / "s.npy"), "--sampling", "0.02"]
    assert cli.main([*fit, "--frame", "2"]) == 2
    assert "It is a series of 2 frames. Choose one, --frame 0 to 1," in capsys.readouterr().err
    assert cli.main([*fit, "--frame", "1"]) == 0
    np.testing.assert_array_equal(calls[0][0], image)


def test_all_frames_of_a_series(lattice, calls, tmp_path, capsys):
    _, image, count = lattice
    np.save(tmp_path / "s.npy", np.stack([image.values, image.values + 1]))
    fit = ["fit", str(tmp_path / "s.npy"), "--sampling", "0.02"]
    for _ in range(2):  # the second time all is done
        assert cli.main(fit) == 0
        assert "2 frames fitted in" in capsys.readouterr().out
    assert len(calls) == 2
    results = tw.open_frames(tmp_path / "s_columns")
    assert [results[frame].sizes["column"] for frame in results] == [count, count]
    assert int(results[1]["frame"]) == 1
    assert cli.main([*fit, "-o", str(tmp_path / "other")]) == 0
    assert len(calls) == 4
    assert cli.main([*fit, "-o", str(tmp_path / "other.csv")]) == 2
    assert "whose columns go to a folder, a file each: -o other" in capsys.readouterr().err


def test_a_frame_that_fails_is_told(lattice, monkeypatch, tmp_path, capsys):
    _, image, _ = lattice

    def fit(image, columns, **options):
        if image.max() == 0:
            raise ValueError("This frame is dark.")
        return columns

    monkeypatch.setattr(tw, "fit_columns", fit, raising=False)
    np.save(tmp_path / "s.npy", np.stack([image.values, image.values * 0]))
    assert cli.main(["fit", str(tmp_path / "s.npy"), "--sampling", "0.02"]) == 1
    told = capsys.readouterr()
    assert "1 frames fitted" in told.out
    assert ", 1 failed; saved in" in told.out
    assert "temwidgets: frame 1: " in told.err


def test_a_scheduler_is_for_a_series(lattice, calls, tmp_path, capsys):
    path, _, _ = lattice
    assert cli.main(["fit", str(path), "--scheduler", "tcp://127.0.0.1:1"]) == 2
    assert "lattice.nc is one image, which is fitted here" in capsys.readouterr().err
    assert cli.main(["fit", str(path), "-o", str(tmp_path / "folder")]) == 2
    assert "so name it folder.nc, not" in capsys.readouterr().err


def test_a_cluster_fits_the_frames_of_a_series(lattice, calls, tmp_path, capsys):
    distributed = pytest.importorskip("distributed")
    _, image, count = lattice
    np.save(tmp_path / "s.npy", np.stack([image.values] * 3))
    fit = ["fit", str(tmp_path / "s.npy"), "--sampling", "0.02", "-o", str(tmp_path / "out")]
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=":0"
    ) as one:
        assert cli.main([*fit, "--scheduler", one.scheduler_address]) == 0
    assert "3 frames fitted in" in capsys.readouterr().out
    assert [r.sizes["column"] for r in tw.open_frames(tmp_path / "out").values()] == [count] * 3


# --- run -----------------------------------------------------------------------------------


def test_run_repeats_a_recipe_on_files(lattice, tmp_path, capsys):
    path, _, count = lattice
    recipe = tmp_path / "find.yaml"
    recipe.write_text("steps:\n- {function: find_columns, into: columns}\n")
    (tmp_path / "bad.tif").write_bytes(b"no picture")
    out = tmp_path / "out"
    assert cli.main(["run", str(recipe), str(tmp_path), "-o", str(out)]) == 1
    told = capsys.readouterr()
    assert told.err.startswith("temwidgets: bad.tif: bad.tif cannot be read as a .tif file")
    lines = told.out.splitlines()
    assert lines[0].startswith(f"lattice.nc: {count} columns in ")
    assert lines[1] == f"2 images, 1 failed; the table is {out / 'summary.csv'}"
    times = [(out / "lattice" / "columns.nc").stat().st_mtime_ns]
    for options in ([], ["--again"], ["--sampling", "0.1"], ["--dataset", "0"]):
        assert cli.main(["run", str(recipe), str(path), "-o", str(out), *options]) == 0
        times.append((out / "lattice" / "columns.nc").stat().st_mtime_ns)
        assert ("lattice.nc: done already" in capsys.readouterr().out) == (not options)
    assert times[0] == times[1] < times[2] < times[3] < times[4]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["nothing", "a.nc"], "There is no recipe nothing. Write one with workspace.recipe(path)"),
        (["fit", "."], "There is no file to work on"),
        (["fit", "a.nc", "--scheduler", "nowhere"], "There is no scheduler at 'nowhere'"),
    ],
)
def test_run_says_what_is_wrong(tmp_path, monkeypatch, capsys, options, sentence):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("temwidgets.analysis.frame_jobs._PATIENCE", "0.2s")
    assert cli.main(["run", *options, "-o", "out"]) == 2
    assert sentence in capsys.readouterr().err


def test_dataset_by_number(lattice, calls):
    path, image, _ = lattice
    assert cli.main(["fit", str(path), "--dataset", "0"]) == 0
    xr.testing.assert_equal(calls[0][0], image)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["-o", "out.txt"], "saved as .nc, .csv or .xyz, so name it out.nc, not out.txt"),
        (["-o", "nowhere/out.nc"], "There is no folder nowhere"),
        (["-o", "lattice.nc"], "lattice.nc is the image itself"),
        (["--dataset", "other"], "has no dataset 'other'. It holds: 0: 'intensity'"),
        (["--dataset", "3"], "has no dataset 3"),
        (["--sampling", "1", "2", "3"], "--sampling takes one number, or y and x, but 3 came"),
        (["--sampling", "-1"], "sampling is the length of a pixel"),
        (["--separation", "-1"], "separation"),
    ],
)
def test_fit_says_what_is_wrong(lattice, calls, monkeypatch, capsys, options, sentence):
    path, _, _ = lattice
    monkeypatch.chdir(path.parent)
    assert cli.main(["fit", path.name, *options]) == 2
    told = capsys.readouterr()
    assert sentence in told.err
    assert told.out == ""
    assert [p.name for p in path.parent.iterdir()] == ["lattice.nc"]


def test_ctrl_c(monkeypatch, capsys):
    def stop(arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_info", stop)
    assert cli.main(["info", "a"]) == 130
    assert "stopped" in capsys.readouterr().err


# --- tour ----------------------------------------------------------------------------------


@pytest.fixture
def tour(tmp_path, monkeypatch):
    """A stand-in for the shipped notebook, a folder to work in, and a home."""
    (tmp_path / "shipped").mkdir()
    original = tmp_path / "shipped" / "01_tour.ipynb"
    original.write_text('{"cells": []}')
    monkeypatch.setattr(_tour, "_original", lambda: original)
    for name in ("work", "home"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path


def jupyter(monkeypatch, *, user, code=0):
    """Put a recorder in the place of JupyterLab."""
    commands = []

    def run(command, check):
        commands.append(command)
        return subprocess.CompletedProcess(command, code)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(os, "geteuid", lambda: user, raising=False)
    return commands


def test_the_tour_is_copied_and_opened(tour, monkeypatch, capsys):
    commands = jupyter(monkeypatch, user=1000)
    assert cli.main([]) == 0
    copy = tour / "work" / "temwidgets-notebooks" / "01_tour.ipynb"
    assert copy.read_text() == '{"cells": []}'
    address = "--LabApp.default_url=/lab/tree/01_tour.ipynb"
    assert commands == [[sys.executable, "-m", "jupyterlab", str(copy), address]]
    assert capsys.readouterr().out == f"Opening {copy}\n"
    assert cli.main(["--no-browser"]) == 0
    assert commands[1][-1] == "--no-browser"


def test_the_tour_opens_for_root_and_tells_when_jupyterlab_fails(tour, monkeypatch, capsys):
    commands = jupyter(monkeypatch, user=0, code=1)
    assert cli.main([]) == 2
    assert commands[0][-1] == "--allow-root"
    assert "JupyterLab stopped with exit code 1" in capsys.readouterr().err


def test_lessons_lie_beside_the_tour(tour):
    (tour / "shipped" / "02_lesson.ipynb").write_text("{}")
    copy, _ = _tour.copy_tour()
    assert (copy.parent / "02_lesson.ipynb").read_text() == "{}"


def test_an_edited_copy_is_kept(tour):
    copy, kept = _tour.copy_tour()
    assert not kept
    copy.write_text("mine")
    assert _tour.copy_tour() == (copy, True)
    assert copy.read_text() == "mine"


def may_write_only(*allowed):
    return lambda path, mode: any(os.fspath(path).startswith(os.fspath(a)) for a in allowed)


def test_a_read_only_folder_leads_home(tour, monkeypatch):
    monkeypatch.setattr(os, "access", may_write_only(tour / "home"))
    assert _tour.copy_tour()[0] == tour / "home" / "temwidgets-notebooks" / "01_tour.ipynb"
    monkeypatch.setattr(os, "access", may_write_only())
    with pytest.raises(
        PermissionError, match=r"can be written to\. Change to a folder of your own"
    ):
        _tour.copy_tour()


def test_a_missing_tour(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(_tour, "__file__", str(tmp_path / "temwidgets" / "_tour.py"))
    monkeypatch.chdir(tmp_path)
    assert cli.main([]) == 2
    assert "01_tour.ipynb is not installed. Reinstall temwidgets" in capsys.readouterr().err
