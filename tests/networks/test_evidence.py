import numpy as np
import pytest

import temwidgets as tw
from temwidgets.networks.evidence import gather, judge

SPACING = 14.0


@pytest.fixture(scope="module")
def layer():
    return tw.synthetic.hexagonal((256, 240), separation=SPACING, dose=10.0, vacancies=0.05, seed=2)


def place(columns):
    return np.column_stack([columns["y"].values, columns["x"].values])


def test_sites_without_a_column_are_vacancies_and_columns_are_not(layer):
    image, truth = layer
    gone = np.column_stack([truth.attrs["vacancy_y"], truth.attrs["vacancy_x"]])
    inner = gone[((gone > 4) & (gone < np.array(image.shape) - 5)).all(axis=1)]
    sites = np.concatenate([place(truth), inner])
    told = judge(gather(image.values.astype(np.float32), SPACING), sites).vacant
    assert len(inner) > 10
    assert told[truth.sizes["column"] :].mean() > 0.9
    # also at the border, where the filter is at its weakest
    assert not told[: truth.sizes["column"]].any()


def test_faint_columns_are_no_vacancies():
    """Such as other atoms, or one atom where two were: there for whoever looks for them."""
    image, truth = tw.synthetic.hexagonal((256, 240), separation=SPACING, dose=300.0, seed=2)
    faint = np.random.default_rng(1).choice(truth.sizes["column"], 30, replace=False)
    y, x = np.mgrid[: image.shape[0], : image.shape[1]]
    values = image.values.astype(np.float32)
    for one in faint:
        column = truth.isel(column=one)
        away = (y - float(column["y"])) ** 2 + (x - float(column["x"])) ** 2
        gone = (
            0.6 * float(column["amplitude"]) * np.exp(-away / 2 / float(column["sigma_major"]) ** 2)
        )
        values -= gone.astype(np.float32)
    assert not judge(gather(values, SPACING), place(truth)).vacant.any()
    found = tw.find_columns(tw.make_image(values), method="network")
    inner = (place(truth) > 4).all(axis=1) & (place(truth) < np.array(image.shape) - 5).all(axis=1)
    scored = tw.score_columns(found, truth.isel(column=inner), radius=4.0)
    assert float(scored["recall"]) == 1


def test_clarity_rises_with_dose():
    clear = []
    for dose in (1.0, 10.0, 100.0):
        image, truth = tw.synthetic.hexagonal((200, 256), separation=SPACING, dose=dose, seed=3)
        seen = gather(image.values.astype(np.float32), SPACING)
        clear.append(judge(seen, place(truth)).clarity)
    assert clear == sorted(clear)
    assert clear[0] < 4 < clear[1]


def test_few_columns_tell_nothing(layer):
    seen = gather(layer[0].values.astype(np.float32), SPACING)
    few = place(layer[1])[:7]
    assert judge(seen, few).clarity == 0
    assert not judge(seen, few).vacant.any()
