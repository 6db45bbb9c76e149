import numpy as np
import pytest

import temwidgets as tw
from temwidgets.analysis.fourier.shown_maps import (
    available,
    circle_of,
    has_error,
    map_scale,
    shown_map,
    summarise,
)
from temwidgets.conventions import quantity

GRID = {"sampling": (0.02, 0.03), "origin": (3.0, -1.0)}


@pytest.fixture(scope="module")
def maps():
    return tw.synthetic.strained_crystal((61, 84), **GRID)[1]


def test_a_quantity_is_masked_and_of_one_reflection(maps):
    assert available(maps) == [
        "d_spacing", "angle", "amplitude", "e_xx", "e_yy", "e_xy", "rotation", "displacement_x",
        "displacement_y",
    ]  # fmt: skip
    found = shown_map(maps, "d_spacing", reflection=2)
    expected = maps["d_spacing"].sel(reflection=2).where(maps["mask"])
    np.testing.assert_array_equal(found, expected)
    assert (found.attrs["units"], found.name, found.dtype) == ("nm", "d_spacing", np.float32)
    assert found["y"].identical(maps["y"])
    assert np.isnan(found.values[0, 0])
    whole = maps.assign(amplitude=maps["amplitude"].fillna(1.0))
    assert np.isfinite(shown_map(whole, "amplitude", masked=False)).all()


def test_strains_are_in_per_cent_and_rotations_in_degrees(maps):
    strain = shown_map(maps, "e_xx")
    np.testing.assert_allclose(strain, 100 * maps["e_xx"], rtol=1e-6)
    assert strain.attrs["units"] == "%"
    assert shown_map(maps, "rotation").attrs["units"] == "deg"
    assert map_scale(strain).kind == "diverging"
    assert map_scale(strain).low == -map_scale(strain).high


def test_parts_of_the_displacement_are_maps_of_their_own(maps):
    found = shown_map(maps, "displacement_y")
    expected = maps["displacement"].sel(component="y").where(maps["mask"])
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert (found.name, found.attrs["units"]) == ("displacement_y", "nm")
    assert map_scale(found).kind == "diverging"
    assert not has_error(maps, "displacement_y")
    with pytest.raises(ValueError, match="no 'displacement_y_std'"):
        shown_map(maps, "displacement_y", error=True)
    std = maps["displacement"].assign_attrs(long_name="standard error of displacement")
    more = maps.assign(displacement_std=std + 1)
    assert has_error(more, "displacement_x")
    error = shown_map(more, "displacement_x", error=True)
    assert error.name == "displacement_x_std"
    np.testing.assert_allclose(
        error, 1 + maps["displacement"].sel(component="x").where(maps["mask"]), rtol=1e-6
    )


def test_an_error_is_shown_in_the_unit_of_its_quantity(maps):
    std = quantity(("y", "x"), np.full(maps["e_xx"].shape, 1e-3), "1", "standard error of e_xx")
    found = shown_map(maps.assign(e_xx_std=std), "e_xx", error=True)
    np.testing.assert_allclose(found.values[maps["mask"].values], 0.1, rtol=1e-6)
    assert (found.name, found.attrs["units"]) == ("e_xx_std", "%")
    assert map_scale(found)[:2] == ("sequential", 0.0)


@pytest.mark.parametrize("rotation", [0.0, 35.3, 54.7])
def test_directions_run_on_through_ninety_degrees(rotation):
    maps = tw.synthetic.strained_crystal((61, 84), rotation=rotation, **GRID)[1]
    for label in maps["reflection"].values:
        angle = shown_map(maps, "angle", reflection=label)
        assert np.ptp(angle.values[maps["mask"].values]) < 20
        turned = (angle - maps["angle"].sel(reflection=label)) % 180
        inside = turned.values[maps["mask"].values]
        assert np.minimum(inside, 180 - inside).max() < 1e-3
        assert map_scale(angle).kind == "sequential"


def test_directions_all_round_the_circle_stay_as_they_are(maps):
    round_ = maps.copy()
    turn = np.linspace(-90, 90, maps["angle"].size).reshape(maps["angle"].shape)
    round_["angle"] = maps["angle"].copy(data=turn.astype(np.float32))
    found = shown_map(round_, "angle", masked=False)
    np.testing.assert_array_equal(found, round_["angle"][0])
    assert map_scale(shown_map(round_.isel(reflection=[2]), "angle")).kind == "sequential"
    flat = round_.isel(reflection=0).copy()
    flat["angle"] = flat["angle"].copy(
        data=np.resize(np.linspace(-90, 90, 997), flat["angle"].shape).astype(np.float32)
    )
    assert map_scale(shown_map(flat, "angle")) == ("cyclic", -90.0, 90.0)
    without = maps.drop_vars("g")
    np.testing.assert_allclose(shown_map(without, "angle"), shown_map(maps, "angle"), atol=1e-4)


def test_the_scale_has_round_ends_round_nearly_all_values(maps):
    d = shown_map(maps, "d_spacing")
    kind, low, high = map_scale(d)
    assert kind == "sequential"
    known = d.values[np.isfinite(d.values)]
    assert 0.97 <= ((known >= low) & (known <= high)).mean() <= 1
    assert high - low < 1.5 * np.ptp(np.percentile(known, (1, 99)))
    assert float(f"{low:.4g}") == low
    assert map_scale(d * np.nan) == ("sequential", 0.0, 1.0)
    same = d * 0 + 0.2
    kind, low, high = map_scale(same.rename("d_spacing"))
    assert low < 0.2 <= high
    phase = (d * 0).rename("phase")
    assert map_scale(phase) == ("cyclic", -np.pi, np.pi)
    assert map_scale(shown_map(maps, "amplitude")) == ("sequential", 0.0, 10.0)


def test_statistics_of_all_and_of_a_part(maps):
    d = shown_map(maps, "d_spacing")
    known = d.values[np.isfinite(d.values)].astype(float)
    found = summarise(d)
    assert found.pixels == known.size
    assert found[1:3] == pytest.approx((known.mean(), known.std()))
    assert found.area == pytest.approx(known.size * 0.02 * 0.03)
    part = d.values < found.mean
    assert summarise(d, part).mean == pytest.approx(known[known < found.mean].mean())
    assert summarise(d, part & False).pixels == 0


def test_statistics_of_what_goes_round(maps):
    values = np.resize([3.1, -3.1], maps["e_xx"].shape).astype(np.float32)
    phase = maps["e_xx"].copy(data=values).rename("phase")
    found = summarise(phase)
    assert abs(found.mean) == pytest.approx(np.pi, abs=1e-3)
    assert found.deviation == pytest.approx(np.pi - 3.1, rel=0.01)
    angle = maps["e_xx"].copy(data=np.resize([89.0, -89.0], values.shape)).rename("angle")
    assert abs(summarise(angle).mean) == pytest.approx(90, abs=0.1)
    assert summarise(angle).deviation == pytest.approx(1.0, rel=0.01)
    assert circle_of("e_xx") is None


def test_what_is_missing_is_said(maps):
    with pytest.raises(ValueError, match=r"no 'phase'; they have d_spacing, angle"):
        shown_map(maps, "phase")
    with pytest.raises(ValueError, match="no 'd_spacing_std'"):
        shown_map(maps, "d_spacing", error=True)
    with pytest.raises(ValueError, match="no reflection 7; they have 0, 1, 2"):
        shown_map(maps, "angle", reflection=7)
    with pytest.raises(ValueError, match="of no reflection"):
        shown_map(maps.isel(reflection=[]), "angle")
    with pytest.raises(TypeError, match=r"Maps from temwidgets\.local_spacing"):
        shown_map(maps["e_xx"], "e_xx")
