import threading

import numpy as np
import xarray as xr

from temwidgets.widgets.preview import Preview
from temwidgets.widgets.workspace import Workspace


def maps(number):
    return xr.Dataset({"d_spacing": ("y", np.full(3, number))})


def test_of_calls_that_pile_up_only_the_newest_runs():
    preview, gate, ran, seen = Preview(), threading.Event(), [], []
    preview.observe(lambda change: seen.append(change["new"]), "maps")

    def slow(number):
        ran.append(number)
        gate.wait(10)
        return maps(number)

    for number in range(4):
        preview.run(slow, number=number)
        while not ran:
            pass
    gate.set()
    assert preview.wait(10)
    assert ran == [0, 3]
    assert [float(m["d_spacing"][0]) for m in seen] == [0, 3]


def test_what_is_computed_while_the_preview_is_cleared_is_not_shown():
    preview, started, gate = Preview(), threading.Event(), threading.Event()

    def slow():
        started.set()
        gate.wait(10)
        return maps(1)

    preview.run(slow)
    started.wait(10)
    preview.clear()
    gate.set()
    assert preview.wait(10)
    assert preview.maps is None


def test_an_error_is_a_sentence_and_the_next_call_takes_it_back():
    preview = Preview()

    def bad():
        raise ValueError("sigma is too large.")

    preview.run(bad)
    assert preview.wait(10)
    assert (preview.error, preview.maps) == ("sigma is too large.", None)
    preview.run(maps, number=2)
    assert preview.wait(10)
    assert preview.error == ""
    assert preview.maps is not None


def test_a_workspace_drops_the_preview_when_a_map_is_made(image):
    workspace = Workspace(image)
    workspace.preview.maps = maps(1)
    workspace.filtered = image
    assert workspace.preview.maps is not None
    workspace.local_spacing = maps(2)
    assert workspace.preview.maps is None
