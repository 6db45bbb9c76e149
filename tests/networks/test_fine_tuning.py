import jax
import numpy as np
import pytest

import temwidgets as tw
from temwidgets.networks import Pair, Training, train


def pairs(count=2, shape=(70, 90)):
    made = []
    for k in range(count):
        columns = np.stack(np.meshgrid(np.arange(8, 64, 12.0), np.arange(8, 84, 12.0)), -1)
        columns = columns.reshape(-1, 2) + 0.2 * k
        y, x = np.indices(shape)
        image = sum(np.exp(-((y - a) ** 2 + (x - b) ** 2) / 8) for a, b in columns)
        noise = 0.1 * np.random.default_rng(k).standard_normal(shape)
        made.append(Pair(image + noise, columns))
    return made


def test_training_is_watched_stopped_and_gone_on_with(small):
    training = Training(pairs(), start=small, steps=4)
    for progress in training.run():
        if progress.step == 2:
            break
    assert training.step == 2
    last = [progress.step for progress in training.run()]
    assert last == [3, 4]
    assert len(training.losses) == 4
    assert training.network.card["steps_done"] == 4
    assert training.network.card["spacing"] == 12.0
    # how far apart columns are in images of their kind
    assert training.network.card["pair_spacing"] == pytest.approx(12.0)


def test_what_was_held_back_is_looked_at(small):
    training = Training(pairs(), held_back=pairs(1), start=small, steps=5, every=2)
    seen = [progress.score for progress in training.run()]
    assert seen[0] is None
    assert seen[1] is not None
    assert seen[4] is not None
    assert [step for step, _ in training.scores] == [0, 2, 4, 5]
    assert training.network.card["scores"]["f1"] == max(s for _, s in training.scores)


def test_training_stops_when_it_gets_no_better(small, monkeypatch):
    monkeypatch.setattr("temwidgets.networks.fine_tuning._PATIENCE", 2)
    monkeypatch.setattr("temwidgets.networks.fine_tuning.Training.look", _worse)
    training = Training(pairs(), held_back=pairs(1), start=small, steps=50, every=1)
    assert [p.step for p in training.run()][-1] == 2


def _worse(self):
    self.scores.append((self.step, 1 / (1 + self.step)))
    return self.scores[-1][1]


def test_a_checkpoint_is_gone_on_from(small, tmp_path):
    told = []
    train(pairs(), start=small, steps=2, checkpoint=tmp_path / "state", report=told.append)
    assert told == [0.5, 1.0]
    again = []
    train(pairs(), start=small, steps=2, checkpoint=tmp_path / "state", report=again.append)
    assert again == []


def test_a_checkpoint_keeps_the_best_and_what_was_told(small, tmp_path):
    training = Training(pairs(), held_back=pairs(1), start=small, steps=3, every=1)
    for progress in training.run(tmp_path / "state"):
        if progress.step == 2:
            break
    best = [np.array(leaf) for leaf in jax.tree.leaves(training.network.model)]
    training.scores[-1] = (2, -1.0)
    training.save(tmp_path / "state")
    later = Training(pairs(), held_back=pairs(1), start=small, steps=3, every=1)
    later.resume(tmp_path / "state")
    assert later.scores == training.scores
    assert later.losses == training.losses
    for a, b in zip(best, jax.tree.leaves(later.network.model), strict=True):
        np.testing.assert_array_equal(a, b)
    assert [p.step for p in later.run()] == [3]


def test_other_architectures_are_refused():
    published = tw.networks.build("plain_unet", channels=(4, 6, 8, 8))
    with pytest.raises(ValueError, match="residual_unet are trained here, but plain_unet came"):
        Training(pairs(), start=tw.networks.Network(published, {"architecture": "plain_unet"}))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"pairs": []}, "No pair came to train on"),
        ({"every": 0}, "every is a number of steps, 1 or more, but 0 came"),
        ({"steps": 0}, "steps is a number of steps, 1 or more, but 0 came"),
        ({"learning_rate": 2.0}, "learning_rate is between 0 and 1, but 2.0 came"),
    ],
)
def test_mistakes_get_a_sentence(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        Training(**options)
