import numpy as np
import pytest

import temwidgets as tw
from temwidgets.analysis.fourier.spacing_data import lattices_of


def vectors(lattice, g=((0, 5.0), (5.0, 0), (0, 10.0))):
    made = tw.make_reflections(g[: len(lattice)])
    return made.assign(lattice=("reflection", np.array(lattice)))


@pytest.mark.parametrize(
    ("lattice", "expected"),
    [
        ([0, 0], [0, 0]),
        ([0, 0, 1], [0, 0, 1]),
        ([0, 0, -1], [0, 0, 3]),
        ([-1, -1], [0, 0]),
        ([0, 1], [0, 0]),
        ([0, 1, 0], [0, 0, 0]),
    ],
)
def test_reflections_are_of_one_lattice_where_none_alone_tells_strain(lattice, expected):
    assert lattices_of(vectors(lattice)).tolist() == expected


def test_reflections_that_were_clicked_tell_strain():
    image, _ = tw.synthetic.interface_step(
        (150, 171), strains=(0.0, 0.03), sampling=0.03, spacing=0.2, noise=2
    )
    clicked = tw.snap_reflections(image, [(0, 5.0), (5.0, 0.1)])
    assert (clicked["lattice"] < 0).all()
    for maps in (tw.local_spacing(image, clicked), tw.geometric_phase(image, clicked)):
        left, right = maps["e_xx"][40:-40, 20:50].median(), maps["e_xx"][40:-40, -50:-20].median()
        assert float(right - left) == pytest.approx(0.03, abs=0.003)
