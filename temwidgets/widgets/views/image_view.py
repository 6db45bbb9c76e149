"""The image with its columns: zoom, select, edit, export."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import traitlets
import xarray as xr

from temwidgets.widgets.errors import guarded, reject_unknown, sentence
from temwidgets.widgets.selection import Selection
from temwidgets.widgets.views._base import note
from temwidgets.widgets.views._image_options import LINKED, ImageOptions
from temwidgets.widgets.views.edits import Edits
from temwidgets.widgets.views.exported import Exported
from temwidgets.widgets.views.following import Following
from temwidgets.widgets.views.overlays import Overlays
from temwidgets.widgets.views.sheets import ExportSheet, Settings
from temwidgets.widgets.views.stage import Stage
from temwidgets.widgets.views.toolbar import Toolbar
from temwidgets.widgets.workspace import Workspace

PACE = 250
"""Milliseconds from one frame to the next while they are played."""


class ImageView(Exported, Overlays, ImageOptions):
    """An image, its model or residual, with columns as markers that the mouse selects and edits.

    Drag pans, the wheel zooms, a click selects a column and Shift-click adds one; the tools of the
    toolbar select by rectangle or lasso and add, move or delete columns. With the keyboard on the
    image: arrows, +, -, 0 (whole image), Delete, Escape, Ctrl+A, Ctrl+Z.

    Parameters
    ----------
    source : Workspace or DataArray, (y, x) or (frame, y, x)
        The workspace to follow, or an image.
    columns : Dataset, dim column, optional
        Columns of a bare image.
    model, residual : DataArray, (y, x), optional
        What the switch `show` also shows for a bare image.
    selection : Selection, optional
        Shared with other views to link them; the workspace's own when not given.
    **options
        Any attribute listed below, and `layout`.

    Attributes
    ----------
    show : {"image", "model", "residual", "filtered"}
        What is drawn.
    x_range, y_range : (float, float)
        Ranges shown, in the image's length unit. Lengths are equally scaled along x and y, so the
        range that was not set follows, and with both set at least these are shown.
    frame : int
        Frame of a stack.
    cmap, marker_cmap : str
        Colour maps of image and markers; a residual is drawn with the diverging one.
    percentiles : (float, float)
        Share of the pixels, in %, below the first and below the last colour; resets `limits`.
    limits : (float, float) or None
        Values that get the first and the last colour; None takes them from `percentiles`.
    gamma : float
        Exponent on the scaled value; below 1 lifts dark parts.
    smooth, scale_bar, ellipses, show_markers : bool
        Interpolate pixels; draw a scale bar; draw half-height ellipses at high zoom; draw markers.
    color_by : str or None
        Variable of the columns that colours the markers.
    color_limits : (float, float) or None
        Its range, strains in %; None takes the 1st to 99th percentile.
    marker_size, marker_opacity, marker_color
        Largest diameter in screen px; 0 to 1; "#rrggbb".
    legend : bool
        Say what the colours mean: of the markers, of a model, a residual or a filtered image.
    tool : {"pan", "zoom", "rectangle", "lasso", "add", "move", "delete"}
        What the mouse does.
    editable : bool
        Whether the mouse and keys may add, move and delete columns, and undo steps.
    height : int
        Height in screen px; the width is the cell's.
    message : str
        The line under the image.
    clicked : (float, float) or None
        Place (y, x) of the last click with the tool "pan"; see `click`.
    lines, maps, handles, dragged
        What is laid over the image, see `set_lines`, `set_map` and `set_handle`.

    Raises
    ------
    TypeError
        If `source` is neither, or an option is unknown.
    """

    selection = traitlets.Instance(Selection)
    message = traitlets.Unicode("")
    clicked: Any = traitlets.Tuple(
        traitlets.Float(), traitlets.Float(), allow_none=True, default_value=None
    )

    def __init__(
        self,
        source: Any,
        columns: xr.Dataset | None = None,
        *,
        model: xr.DataArray | None = None,
        residual: xr.DataArray | None = None,
        selection: Selection | None = None,
        **options: Any,
    ) -> None:
        self._watched: list[tuple[Any, Any, Any]] = []
        reject_unknown("ImageView", options, self.option_names())
        self.workspace = _workspace(source, columns, selection)
        self._given = {"model": model, "residual": residual}
        chosen = self.workspace.selection if selection is None else selection
        layout = options.pop("layout", {})
        super().__init__(selection=chosen, layout=layout)
        self.add_class("tem-image-view")
        self.stage = Stage(self.height)
        self.edits = Edits(self)
        for name in LINKED:
            traitlets.link((self, name), (self.stage.layer, name))
        traitlets.link((self, "legend"), (self.stage.layer, "show_legend"))
        self._build()
        self._observe()
        self.following = Following(self)
        for name, value in options.items():
            setattr(self, name, value)

    def _build(self) -> None:
        self._note = widgets.HTML()
        self._note.add_class("tem-message")
        self.astray = widgets.HTML()
        self.astray.add_class("tem-message")
        self.toolbar = Toolbar(self)
        self.settings = Settings(self, self.stage.layer)
        self.export_sheet = ExportSheet(self)
        self.frames = widgets.IntSlider(
            description="Frame", min=0, max=max(1, self.workspace.frame), continuous_update=True
        )
        self.frames.layout.width = "auto"
        self.frames.layout.flex = "1 1 auto"
        self.play = widgets.Play(min=0, max=1, interval=PACE, show_repeat=True)
        self.play.tooltip = "Play the frames"
        movie = widgets.HBox([self.play, self.frames], layout={"align_items": "center"})
        traitlets.link((self.workspace, "frame"), (self, "frame"))
        self.toolbar.opens(self.toolbar.settings, self.settings)
        self.toolbar.opens(self.toolbar.export, self.export_sheet)
        self.children = [
            self.toolbar, self.settings, self.export_sheet, self.stage, movie,
            self.astray, self._note,
        ]  # fmt: skip

    def _observe(self) -> None:
        watch = self.watch
        watch(self, self._ranged, ["x_range", "y_range"])
        watch(self, self._resized, "height")
        watch(self, self._told, "message")
        watch(self.stage, self._moved, "ranges")
        watch(self.toolbar.show, self._chosen, "value")
        traitlets.link((self, "frame"), (self.frames, "value"))
        traitlets.link((self.frames, "value"), (self.play, "value"))
        self.stage.layer.on_msg(self.edits.hear)
        self.stage.layer.on_msg(self._hear_handle)

    def watch(self, owner: Any, act: Any, names: Any) -> None:
        """Observe traits of `owner` until the view is closed."""
        owner.observe(act, names)
        self._watched.append((owner, act, names))

    def close(self) -> None:
        """Close the widget and let go of workspace and selection."""
        for owner, act, names in self._watched:
            owner.unobserve(act, names)
        self._watched = []
        super().close()

    @property
    def figure(self) -> Any:
        """The bqplot Figure over the image; marks added to it are drawn in lengths."""
        return self.stage.figure

    @property
    def columns(self) -> xr.Dataset | None:
        """The columns drawn: those of the frame shown, or the candidates while there are none."""
        found = self.workspace.shown_columns
        return self.workspace.candidates if found is None else found

    def product(self, name: str) -> xr.DataArray | None:
        """Return the image (or stack), model or residual; None while there is none."""
        product = getattr(self.workspace, name)
        return self._given.get(name) if product is None else product

    def zoom_to(self, x_range: tuple[float, float], y_range: tuple[float, float]) -> None:
        """Show at least these ranges (in the image's length unit)."""
        self.stage.ask(x_range, y_range)

    @guarded
    def home(self) -> None:
        """Show the whole image."""
        self.stage.home()

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

    def click(self, y: float, x: float) -> None:
        """Do what a click at (y, x) does: whoever observes `clicked` is told, each time anew."""
        self.clicked = None
        self.clicked = (float(y), float(x))

    def add_column(self, y: float, x: float) -> None:
        """Add a column (a step of the workspace)."""
        self.edits.add(y, x)

    def move_column(self, label: int, y: float, x: float) -> None:
        """Move the column `label` (a step of the workspace)."""
        self.edits.move(label, y, x)

    def delete_columns(self, labels: Any) -> None:
        """Delete columns by label (a step of the workspace)."""
        self.edits.delete(labels)

    @guarded
    def delete_selected(self) -> None:
        """Delete the selected columns (a step of the workspace)."""
        self.edits.delete_selected()

    def show_error(self, error: BaseException) -> None:
        """Show the sentence of an exception under the image."""
        self.message = sentence(error)

    def _moved(self, change: Any) -> None:
        x, y = change["new"]
        with self.hold_trait_notifications():
            self.x_range, self.y_range = x, y

    @guarded
    def _ranged(self, change: Any) -> None:
        asked = change["new"]
        if asked is None:
            self.stage.home()
        elif asked != self.stage.ranges["xy".index(change["name"][0])]:
            self.stage.ask(**{change["name"]: asked})

    @guarded
    def _chosen(self, change: Any) -> None:
        if change["new"] is not None:
            self.show = change["new"]

    def _resized(self, _: Any) -> None:
        self.stage.layout.height = f"{self.height}px"

    def _told(self, change: Any) -> None:
        self._note.value = note(change["new"], "warning")


def _workspace(source: Any, columns: Any, selection: Selection | None) -> Workspace:
    if isinstance(source, Workspace):
        if columns is not None:
            raise TypeError("A Workspace has its own columns; give columns only with a bare image.")
        return source
    if not isinstance(source, xr.DataArray):
        raise TypeError(
            "ImageView shows an image: give it a Workspace, or a DataArray such as"
            f" temwidgets.read(path) returns, not a {type(source).__name__}."
        )
    return Workspace(source, columns, selection=selection)
