import pytest

import temwidgets as tw
from temwidgets.analysis.fourier.reflection_choice import main, members, strongest
from temwidgets.conventions import quantity


@pytest.fixture
def reflections():
    values = {
        "amplitude": [3.0, 9.0, 5.0, 1.0],
        "family": [0, 0, 1, -1],
        "lattice": [0, 1, 0, -1],
        "harmonic": [1, 2, 1, 0],
    }
    more = {name: quantity("reflection", v, "1", name) for name, v in values.items()}
    return tw.make_reflections([(1, 4), (4, 1), (3, 3), (0, 7)], labels=[2, 5, 8, 11], **more)


def test_the_strongest_come_first_and_multiples_last(reflections):
    assert strongest(reflections, 2) == [8, 2]
    assert strongest(reflections, 9) == [8, 2, 11, 5]
    snr = quantity("reflection", [1.0, 2.0, float("nan"), 4.0], "1", "snr")
    assert strongest(reflections.assign(snr=snr).drop_vars("harmonic"), 3) == [11, 5, 2]
    assert strongest(tw.make_reflections([(1, 4), (4, 1)]), 2) == [0, 1]
    with pytest.raises(ValueError, match="count is 1 or more, but 0 came"):
        strongest(reflections, 0)


def test_families_and_lattices_by_number(reflections):
    assert members(reflections, "family") == {0: [2, 5], 1: [8]}
    assert members(reflections, "lattice") == {0: [2, 8], 1: [5]}
    assert members(tw.make_reflections([(1, 4)]), "family") == {}
    with pytest.raises(ValueError, match="but 'harmonic' came"):
        members(reflections, "harmonic")
    with pytest.raises(TypeError, match="Reflections from"):
        members(3, "family")


def test_the_main_ones_span_the_first_lattice(reflections):
    assert main(reflections) == [2, 8]
    g = [(0, 4), (0.1, 8), (4, 0.1), (4, 4), (-4, 4.1)]
    found = tw.make_reflections(g)
    found["amplitude"] = quantity("reflection", [5.0, 4.0, 3.0, 2.0, 1.0], "counts", "amplitude")
    assert main(found) == [0, 2, 3]
    assert main(found.isel(reflection=[])) == []
    apart = quantity("reflection", [0, 1, 2, 3, 4], "1", "lattice")
    assert main(found.assign(lattice=apart)) == [0, 2, 3]
