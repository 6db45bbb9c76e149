"""The command ``temwidgets train``: what it prints and writes, how it goes on, how it fails."""

import numpy as np
import pytest

import temwidgets as tw
from temwidgets import _train, cli, networks


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Two pairs in files and a network that is quick to train."""
    folder = tmp_path_factory.mktemp("pairs")
    for n in (1, 2):
        image, columns = tw.synthetic.hexagonal((64, 64), sampling=0.02, seed=n)
        tw.save(folder / f"{n}.nc", image)
        tw.save(folder / f"{n}.csv", columns[["y", "x"]])
    options = {"channels": [4, 8, 16], "blocks": [1, 1, 1]}
    card = {"architecture": "residual_unet", "options": options, "spacing": 12.0, "threshold": 0.3}
    networks.save(
        networks.Network(networks.build("residual_unet", **options), card),
        folder / "small.safetensors",
    )
    return folder


CONFIG = """
steps = 2
seed = 4
start = "small.safetensors"
out = "mine.safetensors"
held_back = 1
{more}

[[pairs]]
image = "1.nc"
columns = "1.csv"

[[pairs]]
image = "2.nc"
columns = "2.csv"
contrast = "bright"
"""


@pytest.fixture
def write(files, tmp_path):
    """Write a configuration beside the images."""

    def make(text=CONFIG, **changes):
        for old, new in changes.get("replace", {}).items():
            assert old in text
            text = text.replace(old, new)
        path = files / f"{tmp_path.name}.toml"
        path.write_text(text.replace("{more}", changes.get("more", "")))
        return str(path)

    return make


def test_it_trains_and_saves(write, files, capsys):
    assert cli.main(["train", write()]) == 0
    told = capsys.readouterr()
    assert told.out.startswith("2 steps trained, F1 ")
    assert told.out.endswith(f"saved in {files / 'mine.safetensors'}\n")
    network = networks.load(files / "mine.safetensors")
    assert network.card["steps_done"] == 2
    assert network.card["seed"] == 4
    assert "f1" in network.card["scores"]


def test_it_goes_on_from_its_checkpoint(write, files, capsys, monkeypatch):
    path = write(more='checkpoint = "go.on"')
    whole = networks.Training.run

    def interrupted(self, checkpoint):
        for progress in whole(self, checkpoint):
            yield progress
            raise KeyboardInterrupt

    monkeypatch.setattr(networks.Training, "run", interrupted)
    assert cli.main(["train", path]) == 130
    assert (files / "go.on").exists()
    monkeypatch.undo()
    assert cli.main(["train", path]) == 0
    told = capsys.readouterr().out
    assert f"going on from {files / 'go.on'}, after 1 steps" in told
    (files / "go.on").write_bytes(b"nothing")
    assert cli.main(["train", path]) == 2
    assert "is not a checkpoint of this training. Delete it" in capsys.readouterr().err


def test_pairs_come_in_pixels_with_their_options(files, tmp_path):
    image = tw.read(files / "1.nc")
    stack = np.stack([image.values, image.values + 1])
    tw.save(files / "s.nc", tw.make_image(stack, sampling=0.02))
    entry = {"image": "s.nc", "columns": "1.csv", "frame": 1, "contrast": "dark"}
    pair = _train._pair(entry, 1, files)
    np.testing.assert_allclose(pair.image, -image.values - 1, rtol=1e-5)
    columns = tw.read_columns(files / "1.csv")
    assert np.abs(pair.columns[:, 0] - columns["y"] / 0.02).max() < 1e-3
    del entry["frame"]
    with pytest.raises(ValueError, match="Choose one: frame = 0 to 1"):
        _train._pair(entry, 1, files)


@pytest.mark.parametrize(
    ("replace", "sentence"),
    [
        ({"steps = 2": "steps = "}, "is not a TOML file"),
        ({"steps = 2": "step = 2"}, "has 'step', which means nothing. Did you mean 'steps'?"),
        ({"steps = 2": 'steps = "2"'}, "steps is a whole number, but '2' came"),
        ({"steps = 2": "steps = 0"}, "steps is a number of steps, 1 or more"),
        ({"out = ": "# "}, 'does not say where to save the network; add out = "NAME'),
        ({'"mine.': '"no/where/mine.'}, "There is no folder"),
        ({"held_back = 1": "held_back = 2"}, "of 2 pairs it cannot be 2"),
        ({'columns = "2.csv"': ""}, "Pair 2 needs two files"),
        ({'"2.csv"': '"3.csv"'}, "3.csv"),
        ({"contrast": "contrasts"}, "Pair 2 has 'contrasts', which means nothing"),
        ({'contrast = "': 'contrast = "very '}, 'contrast is "bright" or "dark", but \'very '),
        ({'"small.safetensors"': '"smal"'}, "There is no network 'smal'"),
    ],
)
def test_errors_are_sentences(write, capsys, replace, sentence):
    assert cli.main(["train", write(replace=replace)]) == 2
    told = capsys.readouterr().err
    assert told.startswith("temwidgets: ")
    assert sentence in told
    assert told.count("\n") == 1


def test_a_missing_file_and_the_help(tmp_path, capsys):
    assert cli.main(["train", str(tmp_path / "no.toml")]) == 2
    assert "There is no file" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        cli.main(["train", "--help"])
    assert "[[pairs]]" in capsys.readouterr().out
