import numpy as np
import pytest

import temwidgets as tw
from temwidgets.synthetic import movie


def test_the_truth_is_what_is_drawn():
    stack, truth = movie(
        (72, 90), frames=5, drift=(0.06, -0.08), sampling=(0.02, 0.025), origin=(3.0, -1.0),
        vibration=0.001, dose=None, seed=3, background=0.2,
    )  # fmt: skip
    assert stack.dims == ("frame", "y", "x")
    assert truth["y"].dims == ("frame", "column")
    assert truth["y"].attrs["units"] == "nm"
    assert truth["inside"].values[0].sum() < truth.sizes["column"]
    for k in (0, 4):
        columns = truth.sel(frame=k)
        drawn = tw.synthetic.render(columns, stack.sel(frame=k), background=0.2)
        inner = (slice(14, -14), slice(12, -12))
        np.testing.assert_allclose(drawn.values[inner], stack.values[k][inner], atol=1e-4)
    again, _ = movie((72, 90), frames=5, drift=(0.06, -0.08), sampling=(0.02, 0.025), seed=3)
    assert not np.array_equal(again.values, stack.values)


def test_lines_are_offset():
    still, _ = movie((60, 80), frames=2, dose=None, seed=1)
    torn, truth = movie((60, 80), frames=2, dose=None, seed=1, row_jitter=0.4)
    row, offset = 30, float(truth["offset"][0, 30])
    x = np.arange(80)
    moved = np.interp(x - offset, x, still.values[0, row])
    assert np.abs(torn.values[0, row] - moved)[2:-2].max() < 0.03


def test_events_happen_once_to_columns_that_all_frames_show():
    options = {"vacancies": 2, "filled": 1, "hops": 2, "steps": 1}
    _, truth = movie((96, 120), frames=10, hop=2.0, step=-0.3, seed=4, dose=100, **options)
    assert np.unique(truth["label"]).size == 6
    for kind, frame, label, size in zip(
        truth["kind"].values, truth["event_frame"].values, truth["label"].values,
        truth["size"].values, strict=True,
    ):  # fmt: skip
        column = truth.isel(column=int(label))
        heights = column["amplitude"].values
        before, after = heights[:frame], heights[frame:]
        assert len(before) >= 2
        assert len(after) >= 2
        if kind == "hop":
            places = np.column_stack([column["y"], column["x"]])
            assert np.hypot(*(places[frame] - places[frame - 1])) == pytest.approx(size)
            assert np.ptp(heights) == 0
        else:
            first = 0 if kind == "filled" else 100
            last = {"vacancy": 0, "filled": 100, "intensity step": 70}[kind]
            assert before == pytest.approx(first)
            assert after == pytest.approx(last)


def test_diffusion_spreads_columns():
    _, truth = movie((200, 240), frames=9, diffusion=0.02, dose=None)
    step = np.stack([truth[n].values[8] - truth[n].values[0] for n in "yx"])
    assert (step**2).sum(axis=0).mean() == pytest.approx(4 * 0.02 * 8, rel=0.2)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"frames": 1}, "two frames or more, but frames=1"),
        ({"drift": np.zeros((3, 2))}, r"array \(12, 2\) of where each frame"),
        ({"vacancies": 500}, "500 events were asked for"),
        ({"vibration": -1.0}, "not negative, but -1.0"),
    ],
)
def test_what_cannot_be_made_is_refused(options, text):
    with pytest.raises(ValueError, match=text):
        movie((60, 70), **options)
