"""The row of tools over an image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import ipywidgets as widgets
import traitlets


class Tool(NamedTuple):
    """What the mouse does."""

    name: str
    icon: str
    tooltip: str


_TOOLS = (
    Tool("pan", "arrows", "Pan: drag to move, wheel to zoom, click to select a column"),
    Tool("zoom", "search-plus", "Zoom: drag a box"),
    Tool("rectangle", "object-group", "Select columns in a rectangle (Shift adds, Alt removes)"),
    Tool("lasso", "pencil", "Select columns with a lasso (Shift adds, Alt removes)"),
    Tool("add", "plus", "Add a column: click"),
    Tool("move", "hand-pointer-o", "Move a column: drag it"),
    Tool("delete", "minus", "Delete a column: click it"),
)


def button(icon: str, tooltip: str, act: Callable[[], None]) -> widgets.Button:
    """Make an icon button; its tooltip is its accessible name."""
    made = widgets.Button(icon=icon, tooltip=tooltip)
    made.add_class("tem-icon")
    made.on_click(lambda _: act())
    return made


class ToolRow(widgets.HBox):
    """A row of tools of which one is on, and of buttons and switches."""

    def __init__(self, view: Any, tools: Sequence[Tool]) -> None:
        self._view = view
        self.tools = {tool.name: self._tool(tool) for tool in tools}
        super().__init__()
        self.add_class("tem-toolbar")
        view.observe(self._tool_changed, "tool")
        self._tool_changed(None)

    def arrange(self, *groups: list[widgets.Widget]) -> None:
        """Show buttons in groups that stay together."""
        self.children = [_group(group) for group in groups]

    def switch(self, icon: str, tooltip: str) -> widgets.ToggleButton:
        """Make a button that is on or off."""
        made = widgets.ToggleButton(icon=icon, tooltip=tooltip)
        made.add_class("tem-icon")
        return made

    def opens(self, switch: widgets.ToggleButton, sheet: widgets.Widget) -> None:
        """Let a switch show and hide a sheet of controls."""

        def pressed(change: Any) -> None:
            sheet.layout.display = None if change["new"] else "none"

        sheet.layout.display = "none"
        switch.observe(pressed, "value")

    def _tool(self, tool: Tool) -> widgets.ToggleButton:
        made = self.switch(tool.icon, tool.tooltip)
        made.add_class(f"tem-{tool.name}")

        def pressed(change: Any) -> None:
            if change["new"]:
                self._view.tool = tool.name
            elif self._view.tool == tool.name:
                self._view.tool = "pan"
                self._tool_changed(None)

        made.observe(pressed, "value")
        return made

    def _tool_changed(self, _: Any) -> None:
        for name, made in self.tools.items():
            made.value = name == self._view.tool


class Toolbar(ToolRow):
    """Tools (one is on), home, undo and redo, what is shown, settings on or off, export."""

    def __init__(self, view: Any) -> None:
        super().__init__(view, _TOOLS)
        self.undo = button("undo", "Undo (Ctrl+Z)", view.undo)
        self.redo = button("repeat", "Redo (Ctrl+Shift+Z)", view.redo)
        self.home = button("home", "Show the whole image (0)", view.home)
        self.trash = button("trash", "Delete the selected columns (Delete)", view.delete_selected)
        self.show = widgets.Dropdown(options=["image"], tooltip="What is shown")
        self.show.layout = widgets.Layout(width="108px", flex="0 0 auto")
        self.settings = self.switch("sliders", "Display settings")
        self.export = self.switch("download", "Export the picture as PNG or SVG")
        self.markers = self.switch("circle-o", "Show the markers of the columns")
        traitlets.link((view, "show_markers"), (self.markers, "value"))
        self._arrange()
        view.observe(self._arrange, "editable")

    def _arrange(self, _: Any = None) -> None:
        self.arrange(
            [self.tools[name] for name in ("pan", "zoom")] + [self.home],
            [self.tools[name] for name in ("rectangle", "lasso")],
            *([self._steps()] if self._view.editable else []),
            [self.show, self.markers, self.settings, self.export],
        )

    def _steps(self) -> list[widgets.Widget]:
        tools = [self.tools[name] for name in ("add", "move", "delete")]
        return [*tools, self.trash, self.undo, self.redo]


def _group(children: list[widgets.Widget]) -> widgets.HBox:
    made = widgets.HBox(children)
    made.add_class("tem-group")
    return made
