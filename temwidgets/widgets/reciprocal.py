"""How reciprocal space is looked at: what a spectrum shows and what panels set up for it."""

from __future__ import annotations

from typing import Any

import traitlets

from temwidgets.widgets.products import Product
from temwidgets.widgets.traits import Interval, Region

SHARED = ("region", "k_range", "rings", "mask")


class Reciprocal(traitlets.HasTraits):
    """Shared by the spectra and panels of a workspace; no step of its history.

    Attributes
    ----------
    region : None, (y0, y1, x0, x1) or corners (y, x)
        Part of the image whose spectrum is shown, in lengths; None: all.
    k_range : (float, float) or None
        Range of k in which reflections are looked for (1/nm).
    rings : list of float, Dataset, or dict of these by name
        Phases drawn as circles: d-spacings, or what ``temwidgets.phase_rings`` returns.
    mask : DataArray, (ky, kx), or None
        A filter that is being set up.
    """

    region = Region()
    k_range = Interval()
    rings = Product()
    mask = Product()


def share(one: Any, other: Any, names: tuple[str, ...]) -> list[tuple[Any, Any, str]]:
    """Keep traits of two objects the same, `one` first taking those of `other`.

    traitlets.link compares values with !=, which is no truth value for xarray objects.

    Returns
    -------
    list of (owner, act, name)
        What to pass to ``owner.unobserve(act, name)`` to end it.
    """
    made = []
    for name in names:
        for source, target in ((other, one), (one, other)):

            def follow(change: Any, target: Any = target) -> None:
                if getattr(target, change["name"]) is not change["new"]:
                    setattr(target, change["name"], change["new"])

            source.observe(follow, name)
            made.append((source, follow, name))
        setattr(one, name, getattr(other, name))
    return made
