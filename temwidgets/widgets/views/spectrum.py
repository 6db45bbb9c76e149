"""The power spectrum of an image, or of a region dragged on it, with its reflections."""

from __future__ import annotations

import itertools
from typing import Any

import ipywidgets as widgets
import traitlets
import xarray as xr

from temwidgets.widgets.errors import guarded, reject_unknown, sentence
from temwidgets.widgets.products import Product
from temwidgets.widgets.reciprocal import SHARED, share
from temwidgets.widgets.style import style_sheet
from temwidgets.widgets.views._region_drawing import RegionDrawing
from temwidgets.widgets.views._spectrum_controls import (
    SpectrumControls,
    SpectrumSettings,
    SpectrumToolbar,
)
from temwidgets.widgets.views._spectrum_edits import SpectrumEdits
from temwidgets.widgets.views._spectrum_following import SpectrumFollowing
from temwidgets.widgets.views._spectrum_options import LINKED, SpectrumOptions
from temwidgets.widgets.views._spectrum_profile import SpectrumProfile, reach_of
from temwidgets.widgets.views._spectrum_rings import SpectrumRings
from temwidgets.widgets.views._spectrum_scene import spectrum_scene
from temwidgets.widgets.views._spectrum_stage import SpectrumStage
from temwidgets.widgets.views._spot_sheet import SpotSheet
from temwidgets.widgets.views.exported import Exported
from temwidgets.widgets.views.image_view import ImageView
from temwidgets.widgets.views.overlays import Overlays
from temwidgets.widgets.views.raster import Scene
from temwidgets.widgets.views.sheets import ExportSheet
from temwidgets.widgets.workspace import Workspace

_REGION, _COLOUR, _OTHER = "FFT region", "#58e0a0", "#ff9d6b"
_NUMBERS = itertools.count(2)


class SpectrumView(Exported, Overlays, SpectrumOptions):
    """The log power spectrum of an image or of a region that is dragged on it.

    Click a spot: its peak is measured, added to the reflections and chosen. Click a ring to choose
    a reflection (Shift: more), drag it to move it, press Delete to exclude it; drag elsewhere to
    pan, turn the wheel to zoom. With the keyboard on the spectrum: arrows, +, -, 0 (all of it),
    Delete, Escape, Ctrl+A, Ctrl+Z. What the mouse does can be done by controls and attributes too.

    Parameters
    ----------
    source : Workspace or DataArray, (y, x) or (frame, y, x), optional
        The workspace to follow, or an image; that of `view` when not given.
    view : ImageView, optional
        Draw the region on this image; an image of its own is shown when not given.
    **options
        Any attribute listed below, and `layout`.

    Attributes
    ----------
    region : None, (y0, y1, x0, x1) or corners (y, x)
        Part of the image that is transformed, in lengths; None: all.
    window : {"hann", "tukey", "gaussian", "none"}
    average : int
        See ``temwidgets.power_spectrum``.
    chosen : tuple of int
        Labels of the chosen reflections, shared by the views of a workspace.
    linked : bool
        Share region, k_range, rings and mask with the other spectra and panels of the workspace;
        to compare regions, make spectra that are not linked.
    snap : bool
        A ring that is let go jumps to the nearest peak.
    dragged : str
        "reflection 3" while that is dragged, else "".
    k_range : (float, float) or None
        Range of k in which reflections are looked for (1/nm); drawn as circles.
    rings : list of float, Dataset, or dict of these by name
        d-spacings or ``temwidgets.phase_rings``, drawn as circles.
    mask : DataArray, (ky, kx)
        What it blocks (below 0.5) is darkened.
    color_by : str or None
        Variable that colours the rings: "family", "lattice", "harmonic", "probability", ...
    labels, show_markers, scale_bar, smooth, profile : bool
        Write d-spacings; draw rings; a scale bar; interpolate bins; plot the radial profile.
    cmap, marker_cmap, percentiles, limits, gamma, marker_size, tool, height
        As of an `ImageView`.
    kx_range, ky_range : (float, float)
        Ranges shown (1/nm).
    spectrum : DataArray, (ky, kx)
        What is shown.
    reflections : Dataset
        The reflections shown, also while one is dragged.
    image_view : ImageView
        The image with the region.
    message : str
        The line under the spectrum.

    Raises
    ------
    TypeError
        If `source` is neither, or an option is unknown.
    """

    spectrum = Product()
    reflections = Product()
    message = traitlets.Unicode("")

    def __init__(
        self, source: Any = None, *, view: ImageView | None = None, **options: Any
    ) -> None:
        self._watched: list[tuple[Any, Any, Any]] = []
        reject_unknown("SpectrumView", options, self.option_names())
        self.workspace = _workspace(source, view)
        layout = options.pop("layout", {})
        self._own = view is None
        super().__init__(layout=layout)
        self.image_view = view or ImageView(self.workspace, show_markers=False, height=self.height)
        self.stage = SpectrumStage(self.height)
        self.edits, self.over = SpectrumEdits(self), SpectrumRings(self)
        for name in LINKED:
            traitlets.link((self, name), (self.stage.layer, name))
        self._build()
        self.linked = options.pop("linked", True)
        name = _REGION if self.linked else f"{_REGION} {next(_NUMBERS)}"
        colour = _COLOUR if self.linked else _OTHER
        self.drawing = RegionDrawing(self.image_view, name, colour, self.show_error)
        self.stage.layer.on_msg(self.edits.hear)
        self.stage.layer.on_msg(self._hear_handle)
        self.reflections = self.workspace.reflections
        self._link = traitlets.link((self.workspace, "chosen_reflections"), (self, "chosen"))
        self.following = SpectrumFollowing(self)
        if self.linked:
            self._watched += share(self, self.workspace.reciprocal, SHARED)
        for name, value in options.items():
            setattr(self, name, value)

    def _build(self) -> None:
        self.note, self.words = widgets.HTML(), widgets.HTML()
        self.note.add_class("tem-message")
        self.words.add_class("tem-stats")
        self.toolbar = SpectrumToolbar(self)
        self.settings = SpectrumSettings(self)
        self.export_sheet = ExportSheet(self, spectrum_scene)
        self.export_sheet.name.value = "spectrum.png"
        self.plot = SpectrumProfile(self)
        self.place = widgets.VBox()
        self.controls = SpectrumControls(self)
        self.toolbar.opens(self.toolbar.settings, self.settings)
        self.toolbar.opens(self.toolbar.export, self.export_sheet)
        self.spot = SpotSheet(self)
        self.toolbar.opens(self.toolbar.type, self.spot)
        body = widgets.VBox(
            [
                self.toolbar, self.settings, self.export_sheet, self.spot, self.stage,
                self.controls.rows, self.words, self.place, self.note,
            ]
        )  # fmt: skip
        body.add_class("tem-image-view")
        self.add_class("temwidgets-view")
        pair = widgets.HBox([self.image_view, body] if self._own else [body])
        pair.add_class("tem-pair")
        self.children = [style_sheet(), pair]

    def watch(self, owner: Any, act: Any, names: Any) -> None:
        """Observe traits of `owner` until the view is closed."""
        owner.observe(act, names)
        self._watched.append((owner, act, names))

    def close(self) -> None:
        """Close the widget, let go of the workspace and take the region off the image."""
        for owner, act, names in self._watched:
            owner.unobserve(act, names)
        if self._watched:
            self._link.unlink()
            self.drawing.close()
            if self._own:
                self.image_view.close()
        self._watched = []
        super().close()

    @property
    def figure(self) -> Any:
        """The bqplot Figure over the spectrum; marks added to it are drawn in 1/nm."""
        return self.stage.figure

    @property
    def labels_known(self) -> tuple[int, ...]:
        """Labels of the reflections there are."""
        there = self.workspace.reflections
        return () if there is None else tuple(there["reflection"].values.tolist())

    def add_reflection(self, ky: float, kx: float) -> None:
        """Add the peak near (ky, kx), in 1/nm, or choose it (a step of the workspace)."""
        self.edits.add(ky, kx)

    def move_reflection(self, label: int, ky: float, kx: float) -> None:
        """Move the reflection `label` (a step of the workspace)."""
        self.edits.move(label, ky, kx)

    @guarded
    def exclude(self) -> None:
        """Exclude the chosen reflections (a step of the workspace)."""
        self.edits.exclude(self.chosen)

    @guarded
    def undo(self) -> None:
        """Take the last step of the workspace back."""
        self.message = ""
        self.workspace.undo()

    @guarded
    def redo(self) -> None:
        """Do the step of the workspace again that was undone last."""
        self.message = ""
        self.workspace.redo()

    @guarded
    def home(self) -> None:
        """Show the whole spectrum."""
        self.stage.home()

    @guarded
    def zoom_in(self) -> None:
        """Show the spectrum as far as there is something to see."""
        if self.spectrum is not None:
            reach = reach_of(self.spectrum, self.workspace.reflections)
            self.stage.ask((-reach, reach), (-reach, reach))

    def zoom_to(self, kx_range: tuple[float, float], ky_range: tuple[float, float]) -> None:
        """Show at least these ranges (1/nm)."""
        self.stage.ask(kx_range, ky_range)

    def _scene(self) -> Scene:
        return spectrum_scene(self)

    def show_error(self, error: BaseException) -> None:
        """Show the sentence of an exception under the spectrum."""
        self.message = sentence(error)


def _workspace(source: Any, view: Any) -> Workspace:
    if view is not None and not isinstance(view, ImageView):
        raise TypeError(f"view is an ImageView, but a {type(view).__name__} came.")
    if source is None and view is not None:
        return view.workspace
    if isinstance(source, Workspace):
        return source
    if isinstance(source, xr.DataArray):
        return Workspace(source)
    raise TypeError(
        "SpectrumView shows the spectrum of an image: give it a Workspace, or a DataArray such as"
        f" temwidgets.read(path) returns, not a {type(source).__name__}."
    )
