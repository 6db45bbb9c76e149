import numpy as np
import pytest

import temwidgets as tw
from temwidgets.analysis.fourier.domain_data import DomainFringes, make_domains


@pytest.fixture
def image():
    return tw.make_image(np.zeros((60, 90)), sampling=(0.1, 0.08), origin=(5.0, -2.0))


def fringes(*spacings):
    g = np.array([(0.0, 1 / d) for d in spacings])
    some = np.ones(len(g))
    return DomainFringes(g, np.tile(1e-6 * np.eye(2), (len(g), 1, 1)), some, 0.1 * some, 9.0)


@pytest.fixture
def domains(image):
    label = np.full(image.shape, -1)
    label[2:32, 2:38], label[35:50, 5:20], label[5:20, 50:65] = 0, 1, 2
    label[10:14, 55:59] = -1  # a hole
    found = [fringes(0.204, 0.2356), fringes(0.2041), fringes(0.3135)]
    return make_domains(image, label, found, method="mine")


def test_a_domain_is_taken_away_and_the_others_keep_their_labels(domains):
    left = tw.exclude_domains(domains, [1])
    assert left["domain"].values.tolist() == [0, 2]
    assert set(np.unique(left["label"])) == {-1, 0, 2}
    assert 1 not in left["vertex_domain"]
    pixel = 0.1 * 0.08
    assert left.attrs["crystalline_area"] == pytest.approx(pixel * (30 * 36 + 15 * 15 - 16))
    assert left.attrs["total_area"] == domains.attrs["total_area"]
    assert left.attrs["crystalline_fraction"] == pytest.approx((left["label"] >= 0).mean())
    again = tw.exclude_domains(left, [2])
    assert again["domain"].values.tolist() == [0]
    nothing = tw.exclude_domains(again, [0])
    assert nothing.sizes["domain"] == nothing.sizes["vertex"] == 0
    assert nothing.attrs["note"] == "No domain is left: all were excluded."
    assert 1 in domains["label"]  # what was given stays as it was


def test_a_reflection_is_taken_away():
    found = tw.make_reflections([(0, 5.0), (4.2, 0), (9.0, 0)], labels=[3, 5, 8])
    assert tw.exclude_reflections(found, [5])["reflection"].values.tolist() == [3, 8]
    with pytest.raises(ValueError, match="There is no reflection 4; there are 3, 5, 8"):
        tw.exclude_reflections(found, 4)


def test_columns_know_their_domain(image, domains):
    label = domains["label"]
    places = [(4, 10), (12, 57), (40, 10), (59, 89), (-30, 5), (7, 52)]
    y, x = ([p[axis] * s + o for p in places] for axis, s, o in ((0, 0.1, 5.0), (1, 0.08, -2.0)))
    columns = tw.columns_in_domains(tw.make_columns([*y, np.nan], [*x, 0.0]), domains)
    assert columns["domain"].values.tolist() == [0, -1, 1, -1, -1, 2, -1]
    assert label.values[4, 10] == 0
    with pytest.raises(ValueError, match="in px but the domains are in nm"):
        tw.columns_in_domains(tw.make_columns([1.0], [2.0], units="px"), domains)


def test_phases_are_told_by_common_spacings(domains):
    totals = tw.domain_totals(domains)
    assert totals["count"].values.tolist() == [2, 1]
    np.testing.assert_allclose(
        totals["d_spacing"], [[0.2356, 0.20402], [0.3135, np.nan]], atol=1e-5
    )
    assert totals["phase_of"].values.tolist() == [0, 0, 1]
    assert float(totals["fraction"].sum()) == pytest.approx(1)
    assert float(totals["area"].sum()) == pytest.approx(domains.attrs["crystalline_area"])
    assert totals.attrs["mean_area"] == pytest.approx(domains.attrs["crystalline_area"] / 3)
    assert tw.domain_totals(domains, tolerance=1e-4).sizes["phase"] == 3
    nothing = tw.domain_totals(tw.exclude_domains(domains, [0, 1, 2]))
    assert nothing.sizes["phase"] == 0
    with pytest.raises(ValueError, match="tolerance is a part of the d-spacing"):
        tw.domain_totals(domains, tolerance=0)


def test_what_is_no_domain_is_refused(domains):
    with pytest.raises(ValueError, match="There is no domain 7; there are 0, 1, 2"):
        tw.exclude_domains(domains, [7])
    for act in (tw.domain_totals, lambda d: tw.exclude_domains(d, [0])):
        with pytest.raises(TypeError, match=r"Domains from temwidgets\.segment_domains"):
            act(3)


def test_edited_domains_keep_in_files(domains, tmp_path):
    left = tw.exclude_domains(domains, [1])
    tw.save(tmp_path / "left.nc", left)
    assert tw.open_result(tmp_path / "left.nc").identical(left)
