import numpy as np
import pytest

import temwidgets as tw
from temwidgets.analysis.fourier.reflection_editing import (
    add_reflections,
    move_reflection,
    reflection_at,
)
from temwidgets.conventions import quantity

G = np.array([[1.1, 3.9], [-3.4, 2.2], [2.7, 3.1]])


@pytest.fixture(scope="module")
def image():
    rng = np.random.default_rng(3)
    image = tw.make_image(rng.normal(0, 1, (121, 150)), sampling=(0.05, 0.04), origin=(7.0, -3.0))
    for gy, gx in G:
        image = image + 2 * np.cos(2 * np.pi * (gy * image.y + gx * image.x))
    return image.transpose("y", "x").assign_attrs(units="counts")


def test_peaks_are_added_and_keep_their_labels(image):
    first = add_reflections(image, [G[0] + [0.05, -0.05], -G[1]])
    assert first["reflection"].values.tolist() == [0, 1]
    more = add_reflections(image, [G[2]], first.isel(reflection=[1]))
    assert more["reflection"].values.tolist() == [1, 2]
    np.testing.assert_allclose(more["g"].sel(reflection=1), first["g"].sel(reflection=1))
    assert float(more["d_spacing"].sel(reflection=2)) == pytest.approx(
        1 / np.hypot(*G[2]), rel=1e-3
    )
    assert set(first.variables) == set(more.variables)
    assert more["family"].dtype.kind == "i"
    for name, variable in first.variables.items():
        assert more[name].attrs == variable.attrs, name


def test_what_is_there_is_not_added_again(image):
    first = add_reflections(image, [G[0]])
    assert add_reflections(image, [-G[0]], first).sizes["reflection"] == 1
    assert add_reflections(image, [G[0], G[1]], first).sizes["reflection"] == 2


def test_reflections_made_by_hand_gain_what_is_measured_of_others(image):
    made = tw.make_reflections([G[1]], labels=[4])
    both = add_reflections(image, [G[0]], made)
    assert both["reflection"].values.tolist() == [4, 5]
    assert np.isnan(both["snr"].sel(reflection=4))
    assert float(both["snr"].sel(reflection=5)) > 20


def test_noise_is_not_added(image):
    with pytest.raises(ValueError, match="No peak stands out of the noise there"):
        add_reflections(image, [(-8.0, 8.0)])
    assert add_reflections(image, [(-8.0, 8.0)], threshold=0).sizes["reflection"] == 1


def test_a_region_is_used(image):
    region = (7.0, 10.0, -3.0, 0.0)
    part = add_reflections(image, [G[0]], region=region)
    whole = add_reflections(image, [G[0]])
    assert float(part["d_spacing_std"][0]) > float(whole["d_spacing_std"][0])


def test_a_reflection_is_moved_as_it_is_told(image):
    found = add_reflections(image, G[:2])
    moved = move_reflection(found, 1, (-2.0, -1.5))
    assert moved["g"].sel(reflection=1).values.tolist() == [2.0, 1.5]
    assert float(moved["d_spacing"].sel(reflection=1)) == pytest.approx(0.4)
    for name in ("snr", "d_spacing_std", "amplitude"):
        assert np.isnan(moved[name].sel(reflection=1))
    assert moved["family"].values.tolist() == found["family"].values.tolist()
    np.testing.assert_array_equal(moved["g"].sel(reflection=0), found["g"].sel(reflection=0))
    assert found["g"].sel(reflection=1).values == pytest.approx(G[1], abs=0.01)


def test_a_reflection_is_moved_to_the_peak(image):
    found = add_reflections(image, G[:2])
    moved = move_reflection(found, 0, G[2] + 0.06, image)
    assert moved["g"].sel(reflection=0).values == pytest.approx(G[2], abs=0.01)
    assert float(moved["d_spacing_std"].sel(reflection=0)) > 0
    assert moved["reflection"].values.tolist() == [0, 1]


def test_reflection_at():
    made = tw.make_reflections(G, labels=[3, 5, 8])
    assert reflection_at(made, G[1]) == 5
    assert reflection_at(made, -G[2] * 1.001) == 8
    assert reflection_at(made, G[2] * 1.05) is None
    assert reflection_at(made, G[2] * 1.05, tolerance=0.3) == 8
    assert reflection_at(made, (9.0, 9.0), tolerance=0.3) is None
    assert reflection_at(None, G[1]) is None
    assert reflection_at(made.isel(reflection=[]), G[1]) is None


def test_wrong_arguments_are_explained(image):
    found = add_reflections(image, G[:2])
    with pytest.raises(ValueError, match="There is no reflection 7; there are 0, 1"):
        move_reflection(found, 7, (1.0, 1.0))
    with pytest.raises(ValueError, match="g is a reciprocal vector"):
        move_reflection(found, 0, (0.0, 0.0))
    with pytest.raises(ValueError, match="g is a reciprocal vector"):
        reflection_at(found, "spot")
    with pytest.raises(TypeError, match="Reflections from temwidgets"):
        move_reflection(image, 0, (1.0, 1.0))
    in_px = tw.make_reflections([(0.1, 0.2)], units="px")
    with pytest.raises(ValueError, match="The image is in nm but the reflections are in px"):
        add_reflections(image, [G[0]], in_px)


def test_texts_and_flags_of_a_row(image):
    found = add_reflections(image, [G[0]])
    found["phase"] = quantity("reflection", np.array(["Fe"], object), "1", "phase")
    found["kept"] = quantity("reflection", np.array([True]), "1", "kept")
    more = add_reflections(image, [G[1]], found)
    assert more["phase"].values.tolist() == ["Fe", ""]
    assert more["kept"].values.tolist() == [True, False]
