"""The command ``temwidgets train CONFIG``: train a network on pairs that a TOML file lists."""

from __future__ import annotations

import tomllib
from contextlib import closing
from pathlib import Path
from typing import Any

_KEYS: dict[str, tuple[type, ...]] = {
    "pairs": (list,),
    "steps": (int,),
    "seed": (int,),
    "start": (str,),
    "out": (str,),
    "checkpoint": (str,),
    "held_back": (int,),
}
_PAIR: dict[str, tuple[type, ...]] = {
    "image": (str,),
    "columns": (str,),
    "dataset": (str,),
    "sampling": (int, float, list),
    "frame": (int,),
    "contrast": (str,),
}
_KINDS = {
    (list,): "a list of tables [[pairs]]",
    (int,): "a whole number",
    (str,): "a text",
    (int, float, list): "a length, or a list of two (y, x)",
}


def train(path: str) -> Path:
    """Train as the file says; returns where the network was written.

    Raises
    ------
    ValueError, FileNotFoundError
        If the file, or what it names, cannot be used.
    """
    from temwidgets import networks

    config = read_config(Path(path))
    folder = Path(path).parent
    out, checkpoint = _targets(config, folder)
    pairs, test = _pairs(config, folder)
    training = networks.Training(
        pairs or None,
        held_back=test,
        start=_start(config, folder),
        steps=config.get("steps", 300),
        seed=config.get("seed", 0),
    )
    if checkpoint is not None and checkpoint.exists():
        _resume(training, checkpoint)
    _run(training, checkpoint)
    return networks.save(training.network, out)


def summary(written: Path) -> str:
    """Say what was written."""
    import json

    card = json.loads(written.with_suffix(".json").read_text())
    score = card.get("scores", {}).get("f1")
    told = "" if score is None else f", F1 {score:.3f} on the pairs held back"
    return f"{card['steps_done']} steps trained{told}; saved in {written}"


def read_config(path: Path) -> dict[str, Any]:
    """Read and check the file.

    Raises
    ------
    ValueError
        If it is not TOML, or a key is unknown, missing, or of the wrong kind.
    """
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}.")
    try:
        config = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name} is not a TOML file: {error}.") from error
    _check_entries(path.name, config, _KEYS)
    if "out" not in config:
        raise ValueError(
            f'{path.name} does not say where to save the network; add out = "NAME.safetensors".'
        )
    return config


def _check_entries(name: str, given: dict[str, Any], known: dict[str, tuple[type, ...]]) -> None:
    from difflib import get_close_matches

    for key, value in given.items():
        if key not in known:
            near = get_close_matches(key, known, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(known)}."
            raise ValueError(f"{name} has {key!r}, which means nothing. {hint}")
        if not isinstance(value, known[key]) or isinstance(value, bool):
            raise ValueError(f"In {name}, {key} is {_KINDS[known[key]]}, but {value!r} came.")


def _targets(config: dict[str, Any], folder: Path) -> tuple[Path, Path | None]:
    out = folder / config["out"]
    checkpoint = folder / config["checkpoint"] if "checkpoint" in config else None
    for target in filter(None, (out, checkpoint)):
        if not target.parent.is_dir():
            raise FileNotFoundError(f"There is no folder {target.parent}. Make it first.")
    return out, checkpoint


def _start(config: dict[str, Any], folder: Path) -> str | Path | None:
    """Name or path of the network to begin with; "" stands for random weights."""
    start = config.get("start", "default" if config.get("pairs") else "")
    if start.endswith(".safetensors"):
        return folder / start
    return start or None


def _pairs(config: dict[str, Any], folder: Path) -> tuple[list[Any], list[Any]]:
    """Pairs to train on, and the last `held_back` ones, to test on."""
    entries, held = config.get("pairs", []), config.get("held_back", 0)
    if held < 0 or (held and held >= len(entries)):
        raise ValueError(
            f"held_back is how many of the last pairs only test; of {len(entries)} pairs it cannot"
            f" be {held}. Leave some to train on."
        )
    pairs = [_pair(entry, number + 1, folder) for number, entry in enumerate(entries)]
    return pairs[: len(pairs) - held], pairs[len(pairs) - held :]


def _pair(entry: Any, number: int, folder: Path) -> Any:
    import temwidgets as tw
    from temwidgets.networks.pairs import make_pair

    if not isinstance(entry, dict) or not {"image", "columns"} <= entry.keys():
        raise ValueError(f"Pair {number} needs two files: image = ... and columns = ...")
    _check_entries(f"Pair {number}", entry, _PAIR)
    sampling = entry.get("sampling")
    image = tw.read(
        folder / entry["image"],
        dataset=entry.get("dataset"),
        sampling=tuple(sampling) if isinstance(sampling, list) else sampling,
    )
    image = _frame(image, entry.get("frame"), number)
    columns = tw.read_columns(folder / entry["columns"], **_places(entry["columns"], image))
    if entry.get("contrast", "bright") not in ("bright", "dark"):
        raise ValueError(
            f'In pair {number}, contrast is "bright" or "dark", but {entry["contrast"]!r} came.'
        )
    if "contrast" in entry:
        columns.attrs["contrast"] = entry["contrast"]
    try:
        return make_pair(image, columns)
    except ValueError as error:
        raise ValueError(f"Pair {number} ({entry['image']}): {error}") from error


def _places(name: str, image: Any) -> dict[str, Any]:
    """Options for tables, whose positions may be in pixels of the image."""
    return {} if name.lower().endswith((".nc", ".xyz")) else {"image": image}


def _frame(image: Any, frame: int | None, number: int) -> Any:
    if "frame" not in image.dims:
        return image
    if frame is None or not 0 <= frame < image.sizes["frame"]:
        raise ValueError(
            f"The image of pair {number} is a series of {image.sizes['frame']} frames. Choose one:"
            f" frame = 0 to {image.sizes['frame'] - 1}."
        )
    return image.isel(frame=frame, drop=True)


def _resume(training: Any, checkpoint: Path) -> None:
    try:
        training.resume(checkpoint)
    except Exception as error:
        raise ValueError(
            f"{checkpoint} is not a checkpoint of this training. Delete it to begin anew, or give"
            " another name."
        ) from error
    print(f"going on from {checkpoint}, after {training.step} steps")


def _run(training: Any, checkpoint: Path | None) -> None:
    from tqdm import tqdm

    steps = training.card["steps"]
    layout = "{desc}: {n_fmt}/{total_fmt}|{bar}| {elapsed} < {remaining}{postfix}"
    with (
        tqdm(
            total=steps, initial=training.step, desc="training", bar_format=layout, disable=None
        ) as bar,
        closing(training.run(checkpoint)) as going,
    ):
        for progress in going:
            bar.update(progress.step - bar.n)
            score = {} if not training.scores else {"F1": f"{training.scores[-1][1]:.3f}"}
            bar.set_postfix({"loss": f"{progress.loss:.3g}"} | score, refresh=False)
