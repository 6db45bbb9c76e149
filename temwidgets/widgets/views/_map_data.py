"""Which map a view shows: of those there are, the one that its options ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

import temwidgets as tw
from temwidgets.analysis.fourier.shown_maps import (
    OF_REFLECTIONS,
    QUANTITIES,
    Scale,
    available,
    has_error,
    map_scale,
    shown_map,
)
from temwidgets.widgets.fourier import fourier_product
from temwidgets.widgets.views._map_words import SOURCES

if TYPE_CHECKING:
    from temwidgets.widgets.views.map_view import MapView

_LARGEST = 1024


class MapData:
    """The map of a view, and what else could be shown.

    Attributes
    ----------
    products : dict
        Name and maps of each product there is, that which is previewed in place of the made one.
    quantities, sources, labels : list
        Quantities there are; products that have the one shown; labels of its reflections.
    quantity, source, label
        What is shown; None where there is none.
    values : DataArray or None
        The map.
    drawn : DataArray or None
        The same with fewer pixels where there are more than a screen has.
    scale : Scale
        Colours that suit it.
    """

    def __init__(self, view: MapView) -> None:
        self._view = view
        self._key: tuple[Any, ...] = ()
        self._clear()

    def _clear(self) -> None:
        self.products: dict[str, xr.Dataset] = {}
        self.quantities: list[str] = []
        self.sources: list[str] = []
        self.labels: list[int] = []
        self.quantity: str | None = None
        self.source: str | None = None
        self.label: int | None = None
        self.values: xr.DataArray | None = None
        self.drawn: xr.DataArray | None = None
        self.scale = Scale("sequential", 0.0, 1.0)

    @property
    def maps(self) -> xr.Dataset | None:
        """The product that is shown."""
        return None if self.source is None else self.products[self.source]

    @property
    def has_error(self) -> bool:
        """Whether there is a standard error of what is shown."""
        return has_error(self.maps, self.quantity)

    @property
    def errors(self) -> xr.DataArray | None:
        """Return the standard error of the map; None where there is none."""
        if self.values is None or not self.has_error or self._view.error:
            return None
        errors = self._shown(error=True)
        return self._averaged(errors) if self._view.blocks > 1 else errors

    def refresh(self) -> None:
        """Look what there is, and take the map that is asked for."""
        products = self._found()
        key = (*products.values(), *products, *self._options())
        if len(key) == len(self._key) and all(a is b for a, b in zip(key, self._key, strict=True)):
            return
        self._clear()
        self.products, self._key = products, key
        self._choose()
        if self.quantity is None or (self.label is None and self._by_reflection()):
            return
        values = self._shown(error=self._view.error and self.has_error)
        self.values = self._averaged(values) if self._view.blocks > 1 else values
        step = -(-max(self.values.shape) // _LARGEST)
        self.drawn = self.values[::step, ::step] if step > 1 else self.values
        self.scale = map_scale(self.values)

    def _found(self) -> dict[str, xr.Dataset]:
        workspace = self._view.workspace
        found = {name: getattr(workspace, name) for name in SOURCES}
        preview = workspace.preview.maps
        if preview is not None:
            made = fourier_product(preview)
            # a displacement, say, is not worked out while the mouse moves
            kept = self._view.quantity in available(found[made])
            if not kept or self._view.quantity in available(preview):
                found[made] = preview
        return {name: maps for name, maps in found.items() if maps is not None}

    def _options(self) -> tuple[Any, ...]:
        view = self._view
        names = ("quantity", "reflection", "product", "error", "masked", "blocks")
        return tuple(getattr(view, name) for name in names)

    def _choose(self) -> None:
        view, every = self._view, {n: available(maps) for n, maps in self.products.items()}
        self.quantities = [name for name in QUANTITIES if any(name in n for n in every.values())]
        if not self.quantities:
            return
        wanted = view.quantity
        self.quantity = wanted if wanted in self.quantities else self.quantities[0]
        self.sources = [name for name, names in every.items() if self.quantity in names]
        self.source = view.product if view.product in self.sources else self.sources[0]
        if self._by_reflection():
            self.labels = [int(v) for v in self.products[self.source]["reflection"].values]
            first = self.labels[0] if self.labels else None
            self.label = view.reflection if view.reflection in self.labels else first

    def _by_reflection(self) -> bool:
        return self.quantity in OF_REFLECTIONS

    def _shown(self, *, error: bool) -> xr.DataArray:
        assert self.maps is not None
        assert self.quantity is not None
        return shown_map(
            self.maps, self.quantity, reflection=self.label, error=error, masked=self._view.masked
        )

    def _averaged(self, values: xr.DataArray) -> xr.DataArray:
        """Average over blocks; how far noise is shared is told by the attributes of the maps."""
        assert self.maps is not None
        name = str(values.name)
        alone = values.to_dataset(name=name).assign_attrs(self.maps.attrs)
        return tw.block_average(alone, self._view.blocks)[name]

    def domains(self) -> np.ndarray | None:
        """Return the label of the domain at each pixel of the map; None without domains."""
        domains = self._view.workspace.domains
        if domains is None or self.values is None or not domains.sizes["domain"]:
            return None
        near = domains["label"].sel(y=self.values["y"], x=self.values["x"], method="nearest")
        return np.asarray(near.values)
