"""Columns as CSV, XYZ and ASE atoms, and the tables of others."""

import builtins
import re

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import temwidgets as tw
from temwidgets.conventions import Flag, flag_variable, make_columns, make_image, quantity

QUICK = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
NUMBERS = st.floats(-1e9, 1e9, allow_nan=False)
FIELDS = {
    "theta": "deg",
    "sigma_major": "nm",
    "intensity": "counts nm²",
    "yx_covariance": "nm²",
    "e_xy": "1",
    "y_std": "nm",
}


def make(count=3, units="nm", seed=0):
    """Columns with all kinds of quantities, NaN, names, elements and labels of their own."""
    random = np.random.default_rng(seed)
    columns = make_columns(
        random.normal(size=count),
        random.normal(size=count),
        units=units,
        labels=7 + np.arange(count),
    )
    for name, unit in FIELDS.items():
        values = random.normal(size=count)
        columns[name] = quantity("column", values, unit.replace("nm", units), name)
    columns["theta"][0] = np.nan
    columns["displacement"] = quantity(
        ("column", "component"), random.normal(size=(count, 2)), units, "displacement"
    )
    columns["displacement_std"] = abs(columns["displacement"])
    columns = columns.assign_coords(component=["y", "x"])
    columns["flags"] = flag_variable(np.arange(count) * int(Flag.at_bound))
    columns["good"] = quantity("column", np.arange(count) == 1, "1", "good")
    columns["sublattice"] = quantity("column", np.arange(count) % 3 - 1, "1", "sublattice")
    return tw.name_sublattices(columns, ["A site", "O"], elements={"A site": "Sr"})


@pytest.mark.parametrize("suffix", ["csv", "xyz"])
def test_a_round_trip_keeps_every_number(tmp_path, suffix):
    columns = make(9)
    again = tw.read_columns(tw.save(tmp_path / f"c.{suffix}", columns))
    assert set(again) == set(columns)
    np.testing.assert_array_equal(again["column"], columns["column"])
    for name in columns:
        np.testing.assert_allclose(again[name], columns[name], rtol=1e-13, err_msg=name)
        assert again[name].dtype.kind == columns[name].dtype.kind, name
        assert again[name].attrs["units"] == columns[name].attrs["units"], name
        assert again[name].attrs["long_name"]
    assert again["displacement"].attrs["ancillary_variables"] == "displacement_std flags"
    assert again["flags"].attrs["flag_meanings"] == columns["flags"].attrs["flag_meanings"]
    assert again.attrs["next_label"] == 16
    elements = again["sublattice"].attrs["elements"]
    assert elements == ["Sr", "O"]
    if suffix == "csv":
        assert again["sublattice"].attrs["names"] == ["A site", "O"]


@QUICK
@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=8), st.sampled_from(["nm", "px"]))
def test_csv_keeps_positions_to_the_last_digit(tmp_path, points, units):
    y, x = zip(*points, strict=True)
    columns = make_columns(y, x, units=units)
    again = tw.read_columns(tw.save(tmp_path / "c.csv", columns))
    np.testing.assert_array_equal(again["y"], y)
    np.testing.assert_array_equal(again["x"], x)
    assert again["y"].attrs["units"] == units


def test_the_header_of_a_csv_file(tmp_path):
    path = tw.save(tmp_path / "c.csv", make())
    head, first = path.read_text(encoding="utf-8").splitlines()[:2]
    assert head.startswith(
        "column,y (nm),x (nm),sublattice_name,element,theta (deg),sigma_major (nm)"
    )
    assert "displacement_y (nm),displacement_x (nm)" in head
    assert "e_xy,y_std (nm)" in head
    assert ",,,," in first  # no name, no element, theta NaN


def test_netcdf_is_read_too(tmp_path):
    xr.testing.assert_identical(tw.read_columns(tw.save(tmp_path / "c.nc", make())), make())


def test_probabilities_become_one_list_each(tmp_path):
    columns = make_columns([1.0, 2.0], [3.0, 4.0])
    columns["p"] = quantity(("column", "class_"), np.array([[0.1, 0.9], [0.6, 0.4]]), "1", "p")
    again = tw.read_columns(tw.save(tmp_path / "c.csv", columns))
    np.testing.assert_array_equal(again["p_1"], [0.9, 0.4])


# --- xyz and ase ---------------------------------------------------------------------------


def test_xyz_is_in_angstrom_and_not_mirrored(tmp_path):
    columns = make_columns([1.0, 2.0], [0.5, 0.5])
    columns["theta"] = quantity("column", [30.0, -10.0], "deg", "theta")
    columns["sublattice"] = quantity("column", [0, -1], "1", "sublattice")
    columns = tw.name_sublattices(columns, ["Ti"])
    lines = tw.save(tmp_path / "c.xyz", columns).read_text().splitlines()
    assert lines[0] == "2"
    assert "Properties=species:S:1:pos:R:3:label:I:1:theta:R:1:sublattice:I:1" in lines[1]
    assert 'pbc="F F F"' in lines[1]
    assert "Lattice" not in lines[1]
    # lower in the image is lower in space
    assert lines[2] == "Ti 5.0 -10.0 0.0 0 -30.0 0"
    assert lines[3] == "X 5.0 -20.0 0.0 1 10.0 -1"


def test_a_lattice_is_the_cell_of_an_xyz_file(tmp_path):
    ase_io = pytest.importorskip("ase.io")
    lattice = tw.make_lattice((0.1, 0.4), (0.5, 0.0), origin=(1.0, 2.0))
    atoms = ase_io.read(tw.save(tmp_path / "c.xyz", make(), lattice=lattice))
    np.testing.assert_allclose(atoms.cell[:], [[4, -1, 0], [0, -5, 0], [0, 0, 10]])
    assert atoms.info["Origin"] == pytest.approx([20, -10, 0])
    assert not atoms.pbc.any()


def test_columns_outside_are_not_atoms(tmp_path):
    columns = make_columns([1.0, np.nan], [0.5, 0.5])
    assert tw.read_columns(tw.save(tmp_path / "c.xyz", columns)).sizes["column"] == 1


def test_ase_atoms_agree_with_the_xyz_file(tmp_path):
    ase_io = pytest.importorskip("ase.io")
    columns = make(7)
    atoms, read = tw.to_ase(columns), ase_io.read(tw.save(tmp_path / "c.xyz", columns))
    assert str(atoms.symbols) == str(read.symbols)
    np.testing.assert_allclose(atoms.positions, read.positions, rtol=1e-14)
    for name in ("label", "displacement_x", "displacement_y", "e_xy", "intensity", "flags"):
        np.testing.assert_allclose(atoms.arrays[name], read.arrays[name], rtol=1e-14)
    assert atoms.info["units"]["intensity"] == "counts Angstrom^2"
    np.testing.assert_allclose(atoms.arrays["displacement_y"], -10 * columns["displacement"][:, 0])
    np.testing.assert_allclose(atoms.arrays["displacement_x"], 10 * columns["displacement"][:, 1])
    ase_io.write(tmp_path / "again.xyz", atoms, format="extxyz")
    again = tw.read_columns(tmp_path / "again.xyz")
    np.testing.assert_allclose(again["y"], columns["y"], atol=1e-8)


def test_a_lattice_alone_is_a_unit_cell():
    pytest.importorskip("ase")
    sites = [(0.0, 0.0), (0.5, 0.5)]
    lattice = tw.make_lattice((0.0, 0.4), (0.4, 0.0), sites=sites, names=["Sr", "B site"])
    cell = tw.to_ase(lattice=lattice)
    assert cell.get_chemical_symbols() == ["Sr", "X"]
    assert cell.pbc.tolist() == [True, True, False]
    np.testing.assert_allclose(cell.get_scaled_positions()[1], [0.5, 0.5, 0.0])
    np.testing.assert_allclose(cell.positions[1], [2, -2, 0])


def test_without_ase_there_is_a_sentence(monkeypatch):
    real = builtins.__import__

    def refuse(name, *args, **kwargs):
        if name.split(".")[0] == "ase":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(ImportError, match=re.escape('pip install "temwidgets[ase]"')):
        tw.to_ase(make())


def test_plain_xyz_of_others(tmp_path):
    (tmp_path / "a.xyz").write_text("3\nmade elsewhere\nSr 1.0 2.0 3.0\nTi 4 5 6\nSr 7 8 9\n")
    columns = tw.read_columns(tmp_path / "a.xyz")
    np.testing.assert_allclose(columns["x"], [0.1, 0.4, 0.7])
    np.testing.assert_allclose(columns["y"], [-0.2, -0.5, -0.8])
    assert columns["sublattice"].values.tolist() == [0, 1, 0]
    assert columns["sublattice"].attrs["elements"] == ["Sr", "Ti"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("3\n\nSr 1 2 3\n", "promises 3 atoms, but holds 1"),
        ("three\n", "is no XYZ file that can be read"),
        ("1\n\nSr 1 2\n", "is no XYZ file that can be read"),
    ],
)
def test_damaged_xyz(tmp_path, text, sentence):
    (tmp_path / "a.xyz").write_text(text)
    with pytest.raises(ValueError, match=sentence):
        tw.read_columns(tmp_path / "a.xyz")


# --- tables of others ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        " ,X,Y\n1,152,351.5\n2,174,332\n",
        "X;Y\n152;351,5\n174;332\n",
        "x (px)\ty [pixels]\n152\t351.5\n174\t332\n",
        "# x y\n152 351.5\n174 332\n",
        "\ufeffname,x_px,y_px\nfirst,152,351.5\nsecond,174,332\n",
    ],
)
def test_tables_of_others(tmp_path, text):
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    columns = tw.read_columns(tmp_path / "a.csv", units="px")
    assert columns["y"].values.tolist() == [351.5, 332]
    assert columns["x"].values.tolist() == [152, 174]
    assert columns["y"].attrs["units"] == "px"
    assert columns.attrs["source"] == "a.csv"
    assert set(columns) == {"y", "x"}


def test_pixels_become_nm_by_sampling_or_by_the_image(tmp_path):
    (tmp_path / "a.txt").write_text("3 0.5\n7.5 2.5\n")
    given = {"y": 1, "x": 0, "units": "px", "first_pixel": 0.5}
    image = make_image(np.zeros((5, 9)), sampling=(0.1, 0.2), origin=(1.0, -3.0))
    there = tw.read_columns(tmp_path / "a.txt", image=image, **given)
    np.testing.assert_allclose(there["y"], [1.0, 1.2])
    np.testing.assert_allclose(there["x"], [-2.5, -1.6])
    here = tw.read_columns(tmp_path / "a.txt", sampling=(0.1, 0.2), origin=(1.0, -3.0), **given)
    xr.testing.assert_allclose(here, there)


def test_other_lengths_become_nm(tmp_path):
    text = "y0 (Å),x0 (Å),length (pm),A,angle (deg)\n10,20,150,1,30\n"
    (tmp_path / "a.csv").write_text(text, encoding="latin-1")
    columns = tw.read_columns(tmp_path / "a.csv", origin=(5.0, 0.0))
    assert [float(columns[n][0]) for n in ("y", "x", "A", "angle")] == [6, 2, 1, 30]
    assert float(columns["length"][0]) == pytest.approx(0.15)


def test_names_alone_make_sublattices(tmp_path):
    (tmp_path / "a.csv").write_text("y_nm,x_nm,sublattice_name\n1,1,B\n2,2,\n3,3,A\n")
    columns = tw.read_columns(tmp_path / "a.csv")
    assert columns["sublattice"].values.tolist() == [0, -1, 1]
    assert columns["sublattice"].attrs["names"] == ["B", "A"]


@pytest.mark.parametrize(
    ("text", "options", "sentence"),
    [
        ("x,y\n1,2\n", {}, "have no unit. Say what they are: units="),
        ("x,y\n1,2\n", {"units": "eV"}, "are in 'eV', which is no length"),
        ("x (nm),y (px)\n1,2\n", {}, "y is in px but x is in nm"),
        ("a,b\n1,2\n", {}, "has no numbers called 'y'. It has 'a', 'b'"),
        ("a,b\n1,2\n", {"y": "c"}, "has no numbers called 'c'"),
        ("x,y\n1,2,3\n", {}, "Row 1 of a.csv has 3 fields, but its header has 2"),
        ("x,y,a,a\n1,2,3,4\n", {}, "Several columns of a.csv are called 'a'"),
        ("# nothing\n", {}, "holds no table"),
        ("x,y\n1,\n", {"units": "nm"}, "y in row 1 of a.csv is no number"),
        ("x,y\n1,2\n", {"units": "px", "sampling": 0}, "sampling is the length of a pixel"),
        ("x,y\n1,2\n", {"units": "nm", "sampling": 1}, "are for positions in pixels"),
        ("x (px),y (px),s (px)\n1,2,3\n", {"sampling": 1}, "temwidgets.carry_columns"),
        ("column,x (px),y (px)\n1,2,3\n1,2,3\n", {}, "different whole numbers"),
    ],
)
def test_what_is_wrong_with_a_table(tmp_path, text, options, sentence):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(ValueError, match=re.escape(sentence)):
        tw.read_columns(tmp_path / "a.csv", **options)


def test_options_that_do_not_go_together(tmp_path):
    path = tw.save(tmp_path / "c.csv", make())
    image = make_image(np.zeros((4, 5)))
    with pytest.raises(ValueError, match="not both: the image has its own"):
        tw.read_columns(path, image=image, sampling=0.1)
    with pytest.raises(ValueError, match="the image is not calibrated"):
        tw.read_columns(path, image=image)
    with pytest.raises(ValueError, match="options are for tables"):
        tw.read_columns(tw.save(tmp_path / "c.nc", make()), units="nm")
    (tmp_path / "broken.nc").write_bytes(b"nothing")
    with pytest.raises(ValueError, match="cannot be read as columns"):
        tw.read_columns(tmp_path / "broken.nc")
    with pytest.raises(FileNotFoundError, match="There is no file"):
        tw.read_columns(tmp_path / "none.csv")


def test_what_cannot_be_saved(tmp_path):
    columns = make()
    with pytest.raises(ValueError, match=r"so name it c\.nc, not c\.txt"):
        tw.save(tmp_path / "c.txt", columns)
    with pytest.raises(ValueError, match=r"lattice is for \.xyz files only"):
        tw.save(tmp_path / "c.csv", columns, lattice=tw.make_lattice((0, 1), (1, 0)))
    with pytest.raises(TypeError, match="Columns are an xarray Dataset"):
        tw.save(tmp_path / "c.csv", make_image(np.zeros((4, 5))))
    with pytest.raises(ValueError, match=r"the columns are in px\. Calibrate"):
        tw.save(tmp_path / "c.xyz", make(units="px"))
    with pytest.raises(ValueError, match="the lattice are in px"):
        tw.to_ase(columns, lattice=tw.make_lattice((0, 1), (1, 0), units="px"))
    with pytest.raises(ValueError, match="Give columns, a lattice, or both"):
        tw.to_ase()
    assert not list(tmp_path.iterdir())
