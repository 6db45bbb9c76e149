import numpy as np
import pytest

import temwidgets as tw
from temwidgets.conventions import CancelledError


def test_twins_share_no_domain():
    image, truth = tw.synthetic.twin(noise=10.0, sampling=0.03, origin=(2.0, -3.0))
    domains = tw.segment_domains(image)
    assert domains.sizes["domain"] == 2
    agree = (domains.label == truth.label).mean()
    assert max(agree, 1 - agree) > 0.99
    np.testing.assert_allclose(domains.d_spacing.values, 0.24, rtol=1e-3)
    assert domains.attrs["method"] == "pursuit"


def test_an_amorphous_film_has_none():
    image, _ = tw.synthetic.amorphous((200, 237), seed=4)
    domains = tw.segment_domains(image)
    assert domains.sizes["domain"] == 0
    assert domains.attrs["note"].startswith("No crystal found")
    assert (domains.label == -1).all()


def test_the_rim_of_soot_is_no_domain():
    found = tw.segment_domains(tw.examples.load("soot_fringes"))
    assert found.sizes["domain"] >= 1
    # layers of graphene alone; the bright rim has a period of 0.9 to 1.1 nm
    assert float(found["d_spacing"].max()) < 0.42


def test_it_can_be_stopped():
    image, _ = tw.synthetic.amorphous((100, 100))

    def stop(fraction):
        if fraction > 0.2:
            raise CancelledError("stop")

    with pytest.raises(CancelledError):
        tw.segment_domains(image, report=stop)


@pytest.fixture(scope="module")
def film():
    return tw.synthetic.two_phases((200, 260), sampling=0.03, origin=(2.0, -3.0), noise=3.0)


@pytest.mark.parametrize("method", ["pursuit", "filter", "spectra"])
def test_every_method_tells_two_phases_apart(film, method, tmp_path):
    image, truth = film
    domains = tw.segment_domains(image, method=method)
    assert domains.attrs["method"] == method
    assert domains.sizes["domain"] == 2
    for n in truth["domain"].values:
        mine = truth["label"].values == n
        theirs = [domains["label"].values == m for m in domains["domain"].values]
        over = [(mine & other).sum() / (mine | other).sum() for other in theirs]
        assert max(over) > 0.7
        best = domains.isel(domain=int(np.argmax(over)))
        true = truth["d_spacing"].values[n]
        assert np.abs(best["d_spacing"].values[:, None] / true - 1)[0].min() < 4e-3
    assert {int(n) for n in domains["vertex_domain"].values} == {0, 1}
    tw.save(tmp_path / "domains.nc", domains)
    assert tw.open_result(tmp_path / "domains.nc").identical(domains)


def test_reflections_that_were_excluded_make_no_domain(film):
    image, _ = film
    found = tw.find_reflections(image)
    largest = found["lattice"].values == found["lattice"].values[0]
    labels = found["reflection"].values[largest]
    left = tw.exclude_reflections(found, labels)
    domains = tw.segment_domains(image, method="filter", reflections=left)
    assert domains.sizes["domain"] < 2


def test_small_domains_and_spacings_out_of_range_are_left_out(film):
    image, _ = film
    whole = tw.segment_domains(image)
    d = whole["d_spacing"].values[:, 0]
    assert abs(np.log(d[0] / d[1])) > 0.05
    least = float(np.sqrt(d.prod()))
    inside = tw.segment_domains(image, d_range=(least, None))
    assert (inside["d_spacing"].values[:, 0] > least).all()
    assert inside.sizes["domain"] >= 1
    nothing = tw.segment_domains(image, smallest=1e3)
    assert nothing.sizes["domain"] == 0
    assert "No crystal found" in nothing.attrs["note"]


def test_clusters_of_spectra_may_be_counted(film):
    image, _ = film
    domains = tw.segment_domains(image, method="spectra", clustering="gmm", clusters=3)
    assert domains.sizes["domain"] >= 1


def test_what_is_wrong_is_told(film):
    image, _ = film
    for options, match in (
        ({"method": "magic"}, "method is one of pursuit, filter, spectra"),
        ({"sensitivity": 2.0}, "sensitivity"),
        ({"smallest": -1}, "smallest is an area in nm²"),
        ({"d_range": (0.3, 0.2)}, "d_range is the smallest and the largest"),
        ({"eps": 0.1}, 'eps is for method="filter"'),
        ({"method": "filter", "eps": -1}, "eps is a distance above 0 in nm"),
        ({"method": "spectra", "clustering": "kmeans"}, "clustering is hdbscan or gmm"),
        ({"method": "spectra", "clusters": 2}, "clusters is for clustering"),
        ({"method": "spectra", "clustering": "gmm", "clusters": 0}, "clusters is a whole number"),
    ):
        with pytest.raises(ValueError, match=match):
            tw.segment_domains(image, **options)
    with pytest.raises(ValueError, match="domains need 48 or more"):
        tw.segment_domains(image[:40])
