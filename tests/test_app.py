"""The app: the notebook that Voila serves, and what is said when it cannot be."""

import importlib.util
import json
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

import temwidgets as tw
from temwidgets import _app, cli

IMAGE = tw.examples.path("perovskite_trilayer")


@pytest.fixture
def served(monkeypatch):
    """Catch the command instead of serving, and what the notebook held; it ends with `code`."""
    seen = {"code": 0}

    def run(command, check):
        seen["command"] = command
        seen["page"] = json.loads(Path(command[3]).read_text())
        return subprocess.CompletedProcess(command, seen["code"])

    monkeypatch.setattr(_app, "subprocess", SimpleNamespace(run=run))
    return seen


def test_the_page_opens_the_explorer(served):
    assert cli.main(["app", str(IMAGE), "--no-browser", "--port", "9000"]) == 0
    assert served["command"][1:3] == ["-m", "voila"]
    assert served["command"][4:] == ["--port=9000", "--no-browser"]
    assert f"tw.explore({str(IMAGE)!r})" in served["page"]["cells"][0]["source"]


def test_without_a_file_it_starts_with_none_and_in_fourier_space_if_asked(served):
    assert cli.main(["app", "--fourier", "--dark"]) == 0
    assert served["command"][-1] == "--theme=dark"
    assert served["page"]["cells"][0]["source"].endswith("tw.explore_fourier()")


def test_what_is_wrong_is_told_before_a_page_opens(served, tmp_path, monkeypatch, capsys):
    assert cli.main(["app", str(tmp_path / "none.tif")]) == 2
    assert "none.tif" in capsys.readouterr().err
    served["code"] = 1
    assert cli.main(["app", str(IMAGE)]) == 2
    assert "Voila stopped with exit code 1" in capsys.readouterr().err
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert cli.main(["app", str(IMAGE)]) == 2
    assert 'pip install "temwidgets[app]"' in capsys.readouterr().err


def test_a_file_without_an_image_is_refused(monkeypatch):
    listed = [tw.files.datasets(IMAGE)[0]._replace(default=False)]
    monkeypatch.setattr(tw.files, "datasets", lambda path: listed)
    with pytest.raises(ValueError, match=r"no image in spectrum\.dm3; temwidgets info tells"):
        _app._readable("spectrum.dm3")
