"""Ready compositions of views and panels."""

from __future__ import annotations

from typing import Any

import traitlets
import xarray as xr

from temwidgets.widgets._explorer_frame import ExplorerFrame
from temwidgets.widgets._explorer_parts import STEPS, VIEWS, column_parts, finder, panel, view


class Explorer(ExplorerFrame):
    """From an image to linked plots: steps on top, the image left, plots and table right.

    Parameters
    ----------
    source : DataArray, path, Workspace or None
        An image, the file of an image or of a workspace, or a workspace; None starts at "Load".
    columns : Dataset, dim column, optional
        Columns of the image to start from.
    step : {"Load", "Prepare", "Find", "Fit", "Intensity", "Lattice", "Sublattices", \
"Displacement", "Strain", "Compare", "Count", "Vacancies"}
        The step whose controls are shown.
    plot : {"Histogram", "Scatter", "Table", "Cell", "Arrows", "Polar", "Strain map", "Profile", \
"Order", "Correlation"}
        What is shown beside the image.

    Attributes
    ----------
    workspace : Workspace
        Products, selection, history and job; shared by all parts.
    image_view, histogram, scatter, table, cell, arrows, polar, strain_map, profile, order,
    correlation
        The image and the views beside it; these are made when first used.
    load, prepare, find, fit, intensity, lattice, sublattices, displacement, strain,
    compare, count, vacancies
        The panels of the steps.
    finders, network, label
        What the step "Find" shows, ``finders.by`` "peaks" (the panel `find`), "network" or "label".

    Raises
    ------
    TypeError
        If `source` is none of these.
    """

    step = traitlets.Enum(STEPS, "Find")
    plot = traitlets.Enum(VIEWS, "Histogram")
    load, prepare, finders = panel("Load"), panel("Prepare"), panel("Find")
    find, network, label = finder("peaks"), finder("network"), finder("label")
    fit, intensity, lattice = panel("Fit"), panel("Intensity"), panel("Lattice")
    sublattices, displacement = panel("Sublattices"), panel("Displacement")
    strain, compare = panel("Strain"), panel("Compare")
    count, vacancies = panel("Count"), panel("Vacancies")
    histogram, scatter, table = view("Histogram"), view("Scatter"), view("Table")
    cell, arrows, polar = view("Cell"), view("Arrows"), view("Polar")
    strain_map, profile = view("Strain map"), view("Profile")
    order, correlation = view("Order"), view("Correlation")
    _parts = staticmethod(column_parts)
    _of_stacks = (
        "Steps act on the frame shown; to follow columns through all frames, open"
        " <code>temwidgets.explore_stack(explorer.workspace)</code>."
    )


def explore(source: Any = None, columns: xr.Dataset | None = None, **options: Any) -> Explorer:
    """Open an image in an `Explorer`; arguments are those of `Explorer`."""
    return Explorer(source, columns, **options)
