import jax
import numpy as np
import pytest

from temwidgets.networks.batches import Batch, batches, stack, synthetic_example
from temwidgets.networks.losses import column_loss
from temwidgets.networks.training import Trainer


def loss(model, batch):
    return column_loss(model(batch.channels), batch.targets)


def stream(seed=0, start=0):
    return batches(synthetic_example(32, empty=0, snr=(9, 9)), size=2, seed=seed, start=start)


def same(a, b):
    for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True):
        np.testing.assert_allclose(x, y, rtol=2e-4, atol=1e-6)


def test_one_batch_is_learned(small):
    draw = synthetic_example(64, empty=0, snr=(20, 20), missing=(0, 0))
    batch = stack([draw(np.random.SeedSequence(k)) for k in range(4)])
    trainer = Trainer(small.model, loss, steps=60, learning_rate=1e-2)
    losses = list(trainer.run(iter([batch] * 60)))
    assert len(losses) == 60
    assert np.mean(losses[-5:]) < 0.6 * np.mean(losses[:5])


def test_training_that_was_stopped_goes_on_as_if_it_had_not(small, tmp_path):
    whole = Trainer(small.model, loss, steps=6)
    list(whole.run(stream()))
    part = Trainer(small.model, loss, steps=6)
    for _ in part.run(stream()):
        if part.step == 3:
            break
    part.save(tmp_path / "state")
    later = Trainer(small.model, loss, steps=6)
    later.resume(tmp_path / "state")
    assert later.step == 3
    list(later.run(stream(start=3)))
    same(whole.model, later.model)


def test_the_model_that_came_is_left_alone(small):
    before = [np.array(x) for x in jax.tree.leaves(small.model)]
    list(Trainer(small.model, loss, steps=2).run(stream()))
    same(small.model, jax.tree.unflatten(jax.tree.structure(small.model), before))


def test_half_precision_trains_full_weights(small):
    trainer = Trainer(small.model, loss, steps=2, half=True)
    losses = list(trainer.run(stream()))
    assert np.isfinite(losses).all()
    assert all(x.dtype == np.float32 for x in jax.tree.leaves(trainer.model))
    full = list(Trainer(small.model, loss, steps=2).run(stream()))
    assert losses[0] == pytest.approx(full[0], rel=0.05)


def test_a_batch_is_examples_stacked():
    draw = synthetic_example(32)
    batch = stack([draw(np.random.SeedSequence(k)) for k in range(3)])
    assert isinstance(batch, Batch)
    assert batch.channels.shape == (3, 32, 32, 3)
    assert batch.targets.log_spacing.shape == (3,)
