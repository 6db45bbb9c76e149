"""Small labelled controls, each with a tooltip."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

_FITTED = {"description_width": "auto"}


def button(description: str, tooltip: str, **options: Any) -> widgets.Button:
    """Return a button as wide as its words."""
    layout = {"width": "auto", "flex": "0 0 auto"}
    return widgets.Button(description=description, tooltip=tooltip, layout=layout, **options)


def dropdown(description: str, tooltip: str, options: Any = ()) -> widgets.Dropdown:
    """Return a dropdown as wide as its entries."""
    return widgets.Dropdown(
        options=options,
        description=description,
        tooltip=tooltip,
        layout={"width": "auto", "max_width": "min(100%, 340px)"},
        style=_FITTED,
    )


def number(description: str, tooltip: str, value: float = 0.0) -> widgets.FloatText:
    """Return a field for a number; it speaks when it is left or Enter is pressed."""
    return widgets.FloatText(
        value=value,
        description=description,
        tooltip=tooltip,
        continuous_update=False,
        layout={"width": "auto", "flex": "0 0 auto"},
        style=_FITTED,
    )


def text(description: str, tooltip: str, value: str = "", **layout: str) -> widgets.Text:
    """Return a field for text, laid out as told; it speaks when it is left or Enter is pressed."""
    return widgets.Text(
        value=value,
        description=description,
        tooltip=tooltip,
        continuous_update=False,
        layout={"width": "auto", **layout},
        style=_FITTED,
    )


def whole_number(
    description: str, tooltip: str, value: int, low: int, high: int
) -> widgets.BoundedIntText:
    """Return a field for a whole number."""
    made = widgets.BoundedIntText(
        value=value,
        min=low,
        max=high,
        description=description,
        tooltip=tooltip,
        continuous_update=False,
        layout={"width": "auto", "flex": "0 0 auto"},
        style=_FITTED,
    )
    made.add_class("tem-whole")
    return made


def checkbox(description: str, tooltip: str, value: bool = False) -> widgets.Checkbox:
    """Return a box to tick."""
    return widgets.Checkbox(
        value=value,
        description=description,
        tooltip=tooltip,
        indent=False,
        layout={"width": "auto"},
    )


def offer(control: widgets.Dropdown, options: list, value: Any) -> None:
    """Give a dropdown new entries and a value; None is written "", for to ipywidgets it is none."""
    entries = tuple((text, "" if entry is None else entry) for text, entry in options)
    if tuple(control.options) != entries:
        control.options = entries
    control.value = value if value is not None else "" if "" in dict(entries).values() else None
