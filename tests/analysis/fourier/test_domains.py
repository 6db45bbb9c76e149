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


def test_it_can_be_stopped():
    image, _ = tw.synthetic.amorphous((100, 100))

    def stop(fraction):
        if fraction > 0.2:
            raise CancelledError("stop")

    with pytest.raises(CancelledError):
        tw.segment_domains(image, report=stop)
