import numpy as np

from temwidgets.networks.losses import column_loss, focal_loss, offset_loss, spacing_loss
from temwidgets.networks.residual_unet import Maps
from temwidgets.networks.targets import Targets, make_targets


def batch(targets):
    return Targets(*(np.asarray(v)[None] for v in targets))


def test_focal_loss_is_the_formula():
    rng = np.random.default_rng(0)
    logit, heat = rng.normal(size=(5, 7)), rng.random((5, 7))
    heat[2, 3] = heat[4, 4] = 1
    p = 1 / (1 + np.exp(-logit))
    each = np.where(heat == 1, (1 - p) ** 2 * np.log(p), (1 - heat) ** 4 * p**2 * np.log(1 - p))
    # fewer than eight columns count as eight
    np.testing.assert_allclose(focal_loss(logit, heat), -each.sum() / 8, rtol=1e-5)


def test_the_right_answer_costs_next_to_nothing():
    targets = make_targets(np.array([[9.0, 6.2], [20.0, 21.7]]), 14.0, (32, 24))
    right = Maps(
        np.where(targets.heat == 1, 20.0, -20.0)[None], targets.offset[None],
        targets.log_spacing[None],
    )  # fmt: skip
    assert float(column_loss(right, batch(targets))) < 1e-5
    wrong = right._replace(heat=-right.heat)
    assert float(column_loss(wrong, batch(targets))) > 1


def test_offsets_count_near_columns_alone():
    targets = batch(make_targets(np.array([[9.0, 6.2]]), 14.0, (32, 24)))
    far = targets.offset + 5 * (1 - targets.near[..., None])
    assert float(offset_loss(far, targets)[0]) == 0
    off = targets.offset + 0.5
    near = targets.near.sum()
    np.testing.assert_allclose(offset_loss(off, targets)[0], near / max(near, 8), rtol=1e-5)


def test_a_spacing_that_is_not_there_costs_nothing():
    empty = batch(make_targets(np.empty((0, 2)), np.nan, (16, 16)))
    assert float(spacing_loss(np.array([3.0]), empty)[0]) == 0
    one = batch(make_targets(np.array([[4.0, 4.0]]), 2 * np.e, (16, 16)))
    np.testing.assert_allclose(spacing_loss(np.array([1.5]), one)[0], 0.5, rtol=1e-5)
