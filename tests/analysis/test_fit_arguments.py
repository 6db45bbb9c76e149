import numpy as np
import pytest

from temwidgets.analysis import fit_arguments as arguments
from temwidgets.conventions import PixelGrid, Sampling

OBLONG = PixelGrid((9, 9), Sampling(0.0, 0.0), Sampling(0.02, 0.025), "nm")


def test_names_and_masks_become_masks():
    assert arguments.check_fixed("y", 2)["y"].tolist() == [True, True]
    masks = arguments.check_fixed({"x": [True, False], "theta": False}, 2)
    assert masks["x"].tolist() == [True, False]
    assert not masks["theta"].any()


def test_open_ends_of_bounds():
    assert arguments.check_bounds({"y": (None, 3)}) == {"y": (-np.inf, 3)}
    assert arguments.check_bounds(None) == {}


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: arguments.check_choice("noise", 3, ("a", "b")), "noise must be one of a, b"),
        (lambda: arguments.check_fixed(("sigma",), 2), "Each name in fixed must be one of"),
        (lambda: arguments.check_fixed({"y": [True]}, 2), r"per column \(2\), but its shape"),
        (lambda: arguments.check_bounds({"background": (0, 1)}), "cannot be bounded"),
        (lambda: arguments.check_bounds({"x": (2, 2)}), "low < high"),
    ],
)
def test_mistakes_get_a_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()


def test_a_part_of_a_shape_cannot_be_held_on_non_square_pixels():
    square = OBLONG._replace(sampling=Sampling(0.02, 0.0201))
    whole = dict.fromkeys(arguments.FORM, np.array([True, False]))
    for fixed in ({"theta": np.array([True])}, {**whole, "theta": np.array([True, True])}):
        with pytest.raises(ValueError, match=r"not square \(0.02 x 0.025 nm\).* only as a whole"):
            arguments.check_fixed_shapes(fixed, "elliptical", OBLONG)
        arguments.check_fixed_shapes(fixed, "elliptical", square)
        arguments.check_fixed_shapes(fixed, "round", OBLONG)
    arguments.check_fixed_shapes(whole, "elliptical", OBLONG)
    arguments.check_fixed_shapes({"theta": np.array([False])}, "shared", OBLONG)
