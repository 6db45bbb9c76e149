"""Images by multislice simulation: columns as electrons make them, with known truth."""

from temwidgets.synthetic.multislice.images import multislice_image, simulate_multislice
from temwidgets.synthetic.multislice.recipes import RECIPES

__all__ = ["multislice_image", "names", "simulate_multislice"]


def names() -> tuple[str, ...]:
    """List the multislice images."""
    return tuple(RECIPES)
