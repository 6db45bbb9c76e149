import numpy as np
import pytest

import temwidgets as tw
from temwidgets.networks import evaluate
from temwidgets.networks.evaluation import finders


def test_a_table_by_level_and_spacing():
    table = evaluate(levels=(6.0, 2.0), spacings=(12.0, 20.0), images=1, shape=(96, 120))
    assert table["f1"].dims == ("finder", "level", "spacing")
    assert table["finder"].values.tolist() == ["network", "peaks", "peaks, tuned"]
    assert (table["f1"] <= 1).all()
    assert float(table["f1"].sel(finder="network", level=6.0).mean()) > 0.7
    # the best threshold with the true spacing is rarely worse than the automatic one
    assert table["rmse"].attrs["units"] == "px"


def test_other_ways_can_be_compared_and_images_repeat():
    seen = []

    def nothing(image):
        seen.append(image.values)
        return tw.make_columns([], [], units="px")

    options = {"levels": (5.0,), "spacings": (10.0,), "images": 2, "shape": (64, 70)}
    for _ in range(2):
        table = evaluate({"nothing": nothing}, tuned=False, missing=(0.5, 0.5), **options)
        assert float(table["f1"].max()) == 0
    np.testing.assert_array_equal(seen[0], seen[2])
    assert 0.4 < np.isnan(seen[0]).mean() < 0.6
    evaluate({"nothing": nothing}, tuned=False, seed=1, **options)
    assert not np.array_equal(seen[0], seen[4])


def test_mistakes_get_a_sentence():
    with pytest.raises(ValueError, match="must be an image, a level and a spacing at least"):
        evaluate(levels=())
    assert set(finders()) == {"network", "peaks"}


def test_a_wrong_guess_of_the_spacing_is_mended_by_probing_others():
    # of these, the classical search takes two for crystals with columns some 10 px apart
    compared = {"network": finders()["network"]}
    found = evaluate(compared, levels=[1.4], spacings=[40.0], images=4, tuned=False)
    assert float(found["f1"].squeeze()) > 0.93
