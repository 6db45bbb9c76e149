import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import temwidgets as tw
from temwidgets.analysis.variables import STRAINS

small = st.floats(-0.1, 0.1)


def turn(angle):
    """Matrix on (y, x) that turns +x towards +y."""
    cos, sin = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    return np.array([[cos, sin], [-sin, cos]])


def stretch(e_yy, e_xx, e_xy):
    return np.array([[1 + e_yy, e_xy], [e_xy, 1 + e_xx]])


def check(found, **wanted):
    for name in STRAINS:
        np.testing.assert_allclose(found[name], wanted.get(name, 0.0), atol=1e-8, err_msg=name)


@settings(deadline=None, max_examples=40)
@given(st.floats(-170, 170), st.floats(-20, 20), st.floats(-20, 20))
def test_rigid_motion_is_no_strain(make_crystal, angle, y, x):
    columns, lattice = make_crystal((5, 4), affine=turn(angle))
    found = tw.column_strain(columns.assign(y=columns.y + y, x=columns.x + x), lattice)
    check(found, rotation=angle)


@settings(deadline=None, max_examples=40)
@given(small, small, small)
def test_pure_strain_is_recovered(make_crystal, e_yy, e_xx, e_xy):
    affine = stretch(e_yy, e_xx, e_xy)
    columns, lattice = make_crystal((5, 4), affine=affine)
    found = tw.column_strain(columns, lattice)
    check(found, e_xx=e_xx, e_yy=e_yy, e_xy=e_xy, dilatation=e_xx + e_yy)


@settings(deadline=None, max_examples=40)
@given(small, small, small, st.floats(-40, 40))
def test_strain_is_that_before_the_rotation(make_crystal, e_yy, e_xx, e_xy, angle):
    affine = turn(angle) @ stretch(e_yy, e_xx, e_xy)
    columns, lattice = make_crystal((5, 4), affine=affine)
    check(
        tw.column_strain(columns, lattice),
        e_xx=e_xx,
        e_yy=e_yy,
        e_xy=e_xy,
        dilatation=e_xx + e_yy,
        rotation=angle,
    )


@pytest.mark.parametrize("units", ["nm", "px"])
def test_names_units_and_errors_are_there(make_crystal, units):
    columns, lattice = make_crystal(units=units)
    found = tw.column_strain(columns, lattice)
    for name in STRAINS:
        assert found[name].attrs["units"] == ("deg" if name == "rotation" else "1")
        assert found[name].attrs["ancillary_variables"] == f"{name}_std"
        assert np.isfinite(found[f"{name}_std"]).all()
    assert set(columns) < set(found)
    assert "e_xx" not in columns


def test_polar_displacements_are_no_strain(make_crystal):
    columns, lattice = make_crystal()
    polar = columns.assign(y=columns.y + 0.03 * (columns.site == 1))
    check(tw.column_strain(polar, lattice))


@pytest.mark.parametrize("radius", [None, 0.85])
def test_errors_are_what_strains_scatter_by(make_crystal, radius):
    affine = turn(20) @ np.array([[1.03, 0.01], [0.01, 0.98]])
    columns, lattice = make_crystal((60, 50), noise=0.004, affine=affine)
    gone = np.random.default_rng(0).random(columns.sizes["column"]) < 0.05
    columns = columns.isel(column=~gone)
    # unequal errors along y and x, correlated, and of two sizes
    rng = np.random.default_rng(1)
    size = np.where(columns.site == 0, 0.003, 0.006)
    noise = rng.normal(size=(2, size.size)) * size
    columns = columns.assign(y=columns.y + noise[0], x=columns.x + 0.5 * noise[0] + 0.3 * noise[1])
    columns["y_std"] = ("column", np.hypot(size, 0.004))
    columns["x_std"] = ("column", np.hypot(size * np.hypot(0.5, 0.3), 0.004))
    columns["yx_covariance"] = ("column", 0.5 * size**2)
    found = tw.column_strain(columns, lattice, radius=radius)
    true = {"e_xx": -0.02, "e_yy": 0.03, "e_xy": 0.01, "rotation": 20, "dilatation": 0.01}
    for name, value in true.items():
        pull = (found[name] - value) / found[f"{name}_std"]
        assert 0.94 < pull.std() < 1.06
        assert abs(pull.mean()) < 0.06
        assert pull.notnull().all()


def test_a_reference_region_is_unstrained(make_crystal):
    columns, lattice = make_crystal((12, 20), noise=0.001, std=0.001)
    right = columns.n_b.values > 9
    columns = columns.assign(x=columns.x * np.where(right, 1.02, 1.0) + 0.01 * columns.y)
    substrate = columns.column.values[columns.n_b.values < 8]
    found = tw.column_strain(columns, lattice, reference=substrate)
    inside = columns.n_b.values < 8
    away = columns.n_b.values > 10
    assert abs(found.e_xx.values[inside].mean()) < 5e-4
    assert abs(found.e_xy.values[inside].mean()) < 5e-4
    assert found.e_xx.values[away].mean() == pytest.approx(0.02, abs=1e-3)
    pull = (found.e_yy / found.e_yy_std).values
    assert 0.85 < pull.std() < 1.15


def test_the_errors_of_the_reference_count(make_crystal):
    columns, lattice = make_crystal(std=1e-9)
    lattice["vectors_std"].values[:] = 0.004
    found = tw.column_strain(columns, lattice)
    vectors = lattice.vectors.values
    inverse = np.linalg.inv(vectors)
    np.testing.assert_allclose(found.e_yy_std, 0.004 * np.hypot(*inverse[0]), rtol=1e-3)


def test_columns_alone_or_off_the_lattice_have_no_strain(make_crystal):
    columns, lattice = make_crystal()
    columns.n_a.values[0] = np.nan
    line = columns.isel(column=((columns.n_a == 3) & (columns.site == 0)).values)
    assert tw.column_strain(line, lattice).e_xx.isnull().all()
    found = tw.column_strain(columns, lattice)
    assert np.isnan(found.e_xx.values[0])
    assert np.isnan(found.e_xx_std.values[0])
    assert np.isfinite(found.e_xx.values[1:]).all()


def test_without_errors_there_is_strain_without_errors(make_crystal):
    columns, lattice = make_crystal()
    found = tw.column_strain(columns.drop_vars(["y_std", "x_std"]), lattice)
    assert found.e_xx.notnull().all()
    assert found.e_xx_std.isnull().all()


def test_bad_arguments_are_refused(make_crystal):
    columns, lattice = make_crystal()
    with pytest.raises(ValueError, match="no neighbours of its site in two directions"):
        tw.column_strain(columns, lattice, radius=0.1)
    for radius in (np.nan, 1e6):
        with pytest.raises(ValueError, match="radius is a length up to some cells"):
            tw.column_strain(columns, lattice, radius=radius)
    with pytest.raises(ValueError, match=r"no column \[999\]"):
        tw.column_strain(columns, lattice, reference=[0, 999])
    with pytest.raises(ValueError, match="reference holds 3 columns"):
        tw.column_strain(columns, lattice, reference=[0, 1, 2])
    with pytest.raises(ValueError, match="cells are not numbered"):
        tw.column_strain(columns[["y", "x"]], lattice)
    with pytest.raises(TypeError, match="A lattice is"):
        tw.column_strain(columns, None)


def test_a_field_that_changes_is_followed(make_crystal):
    columns, lattice = make_crystal((40, 40), noise=0.004)
    k = 2 * np.pi / 40
    ideal_y = columns.y - columns.y.mean()
    moved = columns.assign(y=columns.y + 0.02 / k * np.sin(k * ideal_y))
    found = tw.column_strain(moved, lattice)
    pull = (found.e_yy - 0.02 * np.cos(k * ideal_y)) / found.e_yy_std
    assert 0.94 < pull.std() < 1.06
    assert abs(pull.mean()) < 0.1
