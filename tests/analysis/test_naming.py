"""Names and elements of sublattices stay with the columns."""

import numpy as np
import pytest

import temwidgets as tw
from temwidgets.conventions import make_columns, quantity
from temwidgets.conventions.elements import sublattice_elements

NAMES, ELEMENTS = ["A site", "B site"], ["Sr", "Ti"]


@pytest.fixture
def named():
    columns = make_columns(np.arange(5.0), np.zeros(5))
    columns["sublattice"] = quantity("column", [0, 1, -1, 1, 0], "1", "sublattice")
    return tw.name_sublattices(columns, NAMES, elements=ELEMENTS)


def kept(columns):
    attrs = columns["sublattice"].attrs
    return attrs.get("names") == NAMES and attrs.get("elements") == ELEMENTS


def test_names_and_elements(named):
    assert kept(named)
    assert named["sublattice"].attrs["units"] == "1"
    assert named["sublattice"].values.tolist() == [0, 1, -1, 1, 0]


def test_the_columns_given_are_not_changed(named):
    tw.name_sublattices(named, ["P", "Q"], elements={"P": "Ba"})
    assert kept(named)


def test_one_at_a_time_and_away_again(named):
    named = tw.name_sublattices(named, {1: "corner"}, elements={"A site": "Ba"})
    assert named["sublattice"].attrs["names"] == ["A site", "corner"]
    assert named["sublattice"].attrs["elements"] == ["Ba", "Ti"]
    named = tw.name_sublattices(named, ["", ""], elements={0: "", 1: ""})
    assert not {"names", "elements"} & set(named["sublattice"].attrs)


def test_a_name_that_is_a_symbol_is_the_element(named):
    plain = tw.name_sublattices(named.assign(sublattice=named["sublattice"].copy()), ["Pb", "Zr"])
    assert sublattice_elements(plain) == ["Pb", "Zr"]
    # the element of a name that is no symbol stays
    assert sublattice_elements(tw.name_sublattices(plain, {0: "A"})) == ["Pb", "Zr"]
    assert sublattice_elements(tw.name_sublattices(plain, elements={"Pb": "Ba"})) == ["Ba", "Zr"]


def test_names_of_label_sublattices_are_elements_too():
    columns = make_columns(np.arange(40.0), np.zeros(40))
    columns["amplitude"] = quantity("column", np.tile([10.0, 1.0], 20), "counts", "amplitude")
    labelled = tw.label_sublattices(columns, n=2, names=["Sr", "Ti"])
    assert sublattice_elements(labelled) == ELEMENTS


def test_they_survive_finding_fitting_editing_saving_and_selecting(world, tmp_path):
    image, _ = world
    found = tw.label_sublattices(tw.find_columns(image), n=2)
    named = tw.name_sublattices(found, NAMES, elements=ELEMENTS)
    fitted = tw.fit_columns(image, named)
    assert kept(fitted)
    y, x = (float(fitted[name][20]) for name in "yx")
    edited = tw.delete_columns(tw.add_columns(fitted, y + 0.05, x), fitted["column"].values[:2])
    edited = tw.move_columns(edited, [int(fitted["column"][30])], y - 0.03, x)
    assert kept(edited)
    assert kept(tw.set_sublattice(edited, edited["column"].values[:3], 1))
    assert kept(tw.refit_columns(image, edited, edited["column"].values[18:22]))
    assert kept(tw.carry_columns(fitted, image, tw.rotate(image, 20)))
    assert kept(tw.voronoi_intensity(image, fitted))
    assert kept(fitted.isel(column=slice(3, 9)))
    assert kept(tw.open_result(tw.save(tmp_path / "c.nc", fitted)))
    assert tw.sublattice_statistics(fitted, "amplitude")["name"].values.tolist() == NAMES
    lattice = tw.fit_lattice(fitted)
    assert set(lattice["site_name"].values) == set(NAMES)
    assert kept(tw.index_columns(fitted, lattice))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"names": ["A"]}, r"1 names came, but there are 2 sublattices \(0 to 1\)"),
        ({"names": "AB"}, "names is a list of texts"),
        ({"names": ["A", "A"]}, "Two sublattices would be called 'A'"),
        ({"names": {2: "A"}}, "names names sublattice 2, which there is not. There are 0, 1"),
        ({"elements": {"C site": "Sr"}}, "elements names sublattice 'C site'"),
        ({"elements": ["Sr", "Tx"]}, "'Tx' is no chemical symbol"),
    ],
)
def test_what_is_wrong(named, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        tw.name_sublattices(named, **options)


def test_without_sublattices():
    with pytest.raises(ValueError, match="have no sublattice to name"):
        tw.name_sublattices(make_columns([0.0], [0.0]), ["A"])
