"""Find columns by a network: it looks once, and sliders cut what it told while they move."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ipywidgets as widgets
import traitlets
import xarray as xr

import temwidgets as tw
from temwidgets.conventions import length_unit
from temwidgets.networks import looking
from temwidgets.networks.shipped import available, locate
from temwidgets.widgets.controls import dropdown, text
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.panels._following import Following
from temwidgets.widgets.panels._panel import Panel
from temwidgets.widgets.panels._probability_overlay import ProbabilityOverlay
from temwidgets.widgets.style import row, together
from temwidgets.widgets.views._base import note

_STEP = 0.005
_STEPS = 100  # of the slider for the separation
_FIRST = "First press Find"


class NetworkPanel(Panel):
    """Network, threshold and separation of `temwidgets.find_columns` by a network.

    Parameters
    ----------
    workspace : Workspace or DataArray
        The workspace to act on.
    view : ImageView, optional
        Where the map of probability is shown.
    status : bool
        Show messages and progress in the panel itself.

    Attributes
    ----------
    active : bool
        Whether the map may be drawn: not while the panel is hidden.
    network : Dropdown
        A network that comes with temwidgets, or a file that was named in `file`.
    file : Text
        Path of a .safetensors file; naming one chooses it.
    contrast : Dropdown
        "bright" or "dark".
    threshold : FloatSlider
        Smallest probability; cuts while it moves.
    separation : FloatSlider
        Smallest distance, in the image's length unit; 0: by the spacing that the network tells.
    overlay : ProbabilityOverlay
        ``overlay.shown`` and ``overlay.alpha`` of the map, ``overlay.markers``: opacity of the
        columns over it.
    """

    active = traitlets.Bool(True)

    def _build(self) -> list[widgets.Widget]:
        self._seen: looking.Seen | None = None
        self._place: tuple[xr.DataArray | None, int] = (None, 0)
        self._cuts: dict[float | None, xr.Dataset] = {}
        self.overlay = ProbabilityOverlay(self.view)
        self._make_choice()
        self._make_sliders()
        find = self.find = self.action(
            "Find by network", "Look at the image; its threshold is that of the network", self._find
        )
        self.count = widgets.Label(layout={"width": "auto"})
        self.words = widgets.HTML()
        self.words.add_class("tem-note")
        self.watch(self.workspace, self._shown, ["image", "columns", "frame"])
        self.observe(self._shown, "active")
        self._shown(None)
        return [
            row(self.network, self.file, self.contrast, find, self.count),
            row(self.threshold, self.level, together(self.separation, self.unit)),
            self.overlay,
            self.words,
        ]

    def _make_choice(self) -> None:
        names = [(name, name) for name in available()]
        self.network = dropdown("Network", "Which network looks at the image", names)
        self.file = text(
            "or file", "Weights that training saved; the card lies beside them", flex="0 1 300px"
        )
        self.file.placeholder = "path of a .safetensors file"
        self.contrast = dropdown(
            "Columns are", "Bright as in HAADF, or dark as in ABF", ["bright", "dark"]
        )
        self.file.observe(self._named, "value")

    def _make_sliders(self) -> None:
        self.threshold = _slider("Threshold", "Smallest probability of a column", ".3f")
        self.threshold.step, self.threshold.value = _STEP, 0.3
        self.level = widgets.Label("automatic", layout={"width": "76px"})
        self.separation = _slider("Separation", "Smallest distance of two columns", ".3g")
        self.separation.readout = False
        self.unit = widgets.Label(layout={"width": "76px"})
        self._following = Following(self, self._cut, self._shown, self.threshold, self.separation)

    @guarded
    def _named(self, change: Any) -> None:
        """Offer a file beside the networks that come with temwidgets, and choose it."""
        path = change["new"].strip()
        if not path:
            return
        value = str(Path(path).expanduser())
        if Path(value).suffix != ".safetensors":
            raise ValueError(f"Weights are in a .safetensors file, but {value!r} was named.")
        locate(value)
        entries = dict(self.network.options) | {Path(value).name: value}
        self.network.options = list(entries.items())
        self.network.value = value

    @guarded
    def _find(self, _: Any) -> None:
        self._run({})

    @guarded
    def _cut(self) -> None:
        self._say_separation()
        found = self._found()
        if found is None:
            return
        applied = _applied(found)
        same = abs(self.threshold.value - applied[0]) < 0.51 * _STEP
        if not same or abs(self.separation.value - applied[1]) > 0.51 * self.separation.step:
            self._run({"threshold": self.threshold.value} | self._distance())
            self._following.waiting = True

    def _distance(self) -> dict[str, Any]:
        return {"separation": self.separation.value} if self.separation.value > 0 else {}

    def _run(self, cuts: dict[str, Any]) -> None:
        self.workspace.run(
            tw.find_columns, into="columns", amend=True, shortcut=self._shortcut, method="network",
            contrast=self.contrast.value, network=self.network.value, **cuts,
        )  # fmt: skip

    def _shortcut(
        self, image: xr.DataArray, *, method: str, contrast: str, network: str, report: Any,
        threshold: float | None = None, separation: float | None = None,
    ) -> xr.Dataset:  # fmt: skip
        """Do as find_columns does, but look only when anything but the cuts changed."""
        model, seen = looking.loaded(network), self._seen if self._here else None
        if seen is None or seen.network is not model or seen.contrast != contrast:
            place = self.workspace.image, self.workspace.frame
            seen = looking.look(image, contrast=contrast, network=model, report=report)
            self._seen, self._place, self._cuts = seen, place, {}
        if separation not in self._cuts:
            self._cuts = {separation: looking.candidates_of(seen, separation=separation)}
        return tw.apply_threshold(self._cuts[separation], threshold)

    @property
    def _here(self) -> bool:
        """Whether what was seen is the image that is shown; itself, for ids come again."""
        image, frame = self._place
        return image is self.workspace.image and frame == self.workspace.frame

    def _found(self) -> xr.Dataset | None:
        """Return the columns while they are what the network found in the image shown."""
        columns = self.workspace.columns
        fresh = columns is not None and "threshold" in columns.attrs and "network" in columns.attrs
        return columns if self._seen is not None and self._here and fresh else None

    @guarded
    def _shown(self, _: Any = None) -> None:
        found, columns = self._found(), self.workspace.columns
        for slider in (self.threshold, self.separation):
            slider.disabled = found is None
        self.threshold.readout = found is not None
        self.level.layout.display = "none" if found is not None else ""
        told = {} if columns is None else columns.attrs
        self.words.value = note(str(told.get("advice", "")), "warning")
        self.count.value = "" if columns is None else _count(columns)
        if found is not None and not self._following.waiting:  # else a newer cut is on its way
            self._follow(found)
        self._say_separation()
        self.overlay.show(self._seen if self._here and self.active else None)

    def _follow(self, found: xr.Dataset) -> None:
        """Put the sliders where the columns were cut, without taking that for a wish."""
        assert self._seen is not None
        with self._following.quietly():
            far = 2 * looking.spacing_of(self._seen)
            if abs(self.separation.max - far) > 1e-6 * far:
                self.separation.value = 0
                self.separation.max, self.separation.step = far, far / _STEPS
            self.threshold.value, self.separation.value = _applied(found)

    def _say_separation(self) -> None:
        image, value = self.workspace.image, self.separation.value
        unit = "nm" if image is None else length_unit(image)
        self.unit.value = f"{value:.3g} {unit}" if value > 0 else "automatic"


def _slider(description: str, tooltip: str, readout_format: str) -> widgets.FloatSlider:
    return widgets.FloatSlider(
        min=0, max=1, value=0, step=0.01, description=description, disabled=True,
        readout_format=readout_format, tooltip=f"{tooltip}. {_FIRST}",
        layout={"width": "auto", "flex": "1 1 240px", "min_width": "240px", "max_width": "420px"},
        style={"description_width": "auto"},
    )  # fmt: skip


def _applied(columns: xr.Dataset) -> tuple[float, float]:
    """Return threshold and separation; 0 for one that was not given."""
    given = columns.attrs["separation_source"] == "given"
    return float(columns.attrs["threshold"]), float(columns.attrs["separation"]) if given else 0.0


def _count(columns: xr.Dataset) -> str:
    count = f"{columns.sizes['column']:,} columns"
    if "certainty" not in columns.attrs:
        return count
    return f"{count}; certainty of the network for this image: {columns.attrs['certainty']:.2f}"
