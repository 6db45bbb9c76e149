"""Which networks come with temwidgets; it imports nothing, so that a list of names is quick."""

from __future__ import annotations

from pathlib import Path

SHIPPED = Path(__file__).with_name("weights")


def available() -> list[str]:
    """Names of the networks that come with temwidgets, the default one first."""
    names = {path.stem for path in SHIPPED.glob("*.safetensors")}
    return sorted(names, key=lambda name: (name != "default", name))


def locate(name: str | Path) -> Path:
    """Return the file with the weights of a network; its card lies beside it.

    Raises
    ------
    FileNotFoundError
        If there is no such network, or no card.
    """
    path = Path(name).expanduser()
    if path.suffix != ".safetensors":
        path = SHIPPED / f"{name}.safetensors"
    if not path.exists():
        raise FileNotFoundError(
            f"There is no network {str(name)!r}. With temwidgets come {', '.join(available())};"
            " give one of these names, or the path of a .safetensors file."
        )
    if not path.with_suffix(".json").exists():
        raise FileNotFoundError(
            f"The card {path.stem}.json is not beside {path.name}; copy it there, for it tells how"
            " to use the weights."
        )
    return path
