"""What is true of fringes: the local lattice at every pixel, and the domains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from temwidgets.conventions import length_unit, pixel_grid, quantity

_COMPONENT = {"units": "1", "long_name": "component"}
_MAP = ("reflection", "y", "x")


def spacing_truth(
    blank: xr.DataArray,
    g: np.ndarray,
    amplitude: np.ndarray,
    displacement: np.ndarray,
    gradient: np.ndarray,
    mask: np.ndarray,
) -> xr.Dataset:
    """Put the true local spacing of displaced fringes into the dataset of `local_spacing`."""
    units = length_unit(blank)
    local = g[:, :, None, None] - np.einsum("cdyx,rc->rdyx", gradient, g)
    length = np.hypot(local[:, 0], local[:, 1])
    angle = half_turn(np.rad2deg(np.arctan2(local[:, 0], local[:, 1])))
    (e_yy, u_yx), (u_xy, e_xx) = gradient
    maps: dict[str, tuple[Any, np.ndarray, str, str]] = {
        "d_spacing": (_MAP, (1 / length).astype(np.float32), units, "d-spacing"),
        "angle": (_MAP, angle.astype(np.float32), "deg", "direction of g from +x to +y"),
        "amplitude": (
            _MAP,
            np.broadcast_to(amplitude[:, None, None].astype(np.float32), length.shape),
            "counts",
            "fringe amplitude",
        ),
        "e_xx": (("y", "x"), e_xx, "1", "strain e_xx"),
        "e_yy": (("y", "x"), e_yy, "1", "strain e_yy"),
        "e_xy": (("y", "x"), (u_yx + u_xy) / 2, "1", "shear strain e_xy"),
        "rotation": (
            ("y", "x"),
            np.rad2deg(u_yx - u_xy) / 2,
            "deg",
            "lattice rotation from +x towards +y",
        ),
        "local_g": (
            ("reflection", "component", "y", "x"),
            local,
            f"1/{units}",
            "local reciprocal vector",
        ),
        "displacement": (("component", "y", "x"), displacement, units, "displacement"),
        "distortion": (
            ("component", "direction", "y", "x"),
            gradient,
            "1",
            "gradient of the displacement",
        ),
    }
    truth = xr.Dataset(coords=_coords(blank, len(g)))
    truth["g"] = quantity(("reflection", "component"), g, f"1/{units}", "reference g")
    for name, (dims, values, unit, text) in maps.items():
        truth[name] = quantity(dims, np.where(mask, values, np.float32(np.nan)), unit, text)
    truth["mask"] = quantity(("y", "x"), mask, "1", "crystal")
    return truth


def domain_truth(
    blank: xr.DataArray, label: np.ndarray, g: Sequence[np.ndarray], **attrs: Any
) -> xr.Dataset:
    """Put true domains into the dataset of `segment_domains`, g of each domain (spot, 2)."""
    grid, units = pixel_grid(blank), length_unit(blank)
    count, spots = len(g), max((len(vectors) for vectors in g), default=0)
    pixel = grid.sampling.y * grid.sampling.x
    inside = label >= 0
    rows, cols = np.nonzero(inside)
    number = label[inside]
    pixels = np.bincount(number, minlength=count)
    centre = [
        np.bincount(number, weights=axis, minlength=count) / np.maximum(pixels, 1)
        for axis in grid.to_lengths(rows, cols)
    ]
    vectors = np.full((count, spots, 2), np.nan)
    for one, row in zip(g, vectors, strict=True):
        row[: len(one)] = one
    truth = xr.Dataset(coords={k: blank.coords[k] for k in ("y", "x")})
    truth = truth.assign_coords(
        domain=quantity("domain", np.arange(count), "1", "domain"),
        spot=quantity("spot", np.arange(spots), "1", "spot"),
        component=("component", ["y", "x"], _COMPONENT),
    )
    d_spacing = 1 / np.hypot(vectors[..., 0], vectors[..., 1])
    angle = half_turn(np.rad2deg(np.arctan2(vectors[..., 0], vectors[..., 1])))
    first = angle[:, 0] if spots else np.zeros(count)
    values: dict[str, tuple[Any, np.ndarray, str, str]] = {
        "label": (("y", "x"), label.astype(np.int32), "1", "domain, -1 amorphous"),
        "area": ("domain", pixels * pixel, f"{units}²", "area"),
        "orientation": ("domain", first, "deg", "direction of the first g from +x towards +y"),
        "confidence": ("domain", np.ones(count), "1", "confidence"),
        "centre_y": ("domain", centre[0], units, "centre y"),
        "centre_x": ("domain", centre[1], units, "centre x"),
        "g": (("domain", "spot", "component"), vectors, f"1/{units}", "reciprocal vector"),
        "d_spacing": (("domain", "spot"), d_spacing, units, "d-spacing"),
    }
    for name, (dims, data, unit, text) in values.items():
        truth[name] = quantity(dims, data, unit, text)
    areas = {
        "crystalline_area": float(pixels.sum() * pixel),
        "total_area": float(label.size * pixel),
    }
    return truth.assign_attrs(method="truth", **areas, **attrs)


def half_turn(angle: np.ndarray) -> np.ndarray:
    """Bring directions of a line from [-180, 180] into (-90, 90] degrees."""
    return angle - 180.0 * (angle > 90) + 180.0 * (angle <= -90)


def _coords(blank: xr.DataArray, count: int) -> dict[str, Any]:
    names = ["y", "x"]
    return {
        "y": blank["y"],
        "x": blank["x"],
        "reflection": quantity("reflection", np.arange(count), "1", "reflection"),
        "component": ("component", names, _COMPONENT),
        "direction": ("direction", names, {"units": "1", "long_name": "direction of derivative"}),
    }
