"""Files of a view: PNG and SVG."""

from __future__ import annotations

import base64
import io
from html import escape

import numpy as np
from PIL import Image

from temwidgets.widgets.views import raster
from temwidgets.widgets.views._overlay_print import svg_stroke
from temwidgets.widgets.views._paper import PngPaper, SvgPaper
from temwidgets.widgets.views._plate import Plate, furnish, lay_out
from temwidgets.widgets.views._words import svg_words
from temwidgets.widgets.views.raster import Outline, Scene

_LARGE = 3000
"""Above so many pixels the words of a PNG are smooth enough as they are."""


def png(scene: Scene, *, width: int, dpi: float, axes: bool = True, legend: bool = True) -> bytes:
    """Return a PNG `width` pixels wide that prints at `dpi`, with axes and keys to the colours."""
    plate = lay_out(scene, width=width, dpi=dpi, axes=axes, legend=legend)
    paper = PngPaper(*_points(plate), dpi=dpi, fine=1 if width > _LARGE else 2)
    paper.paste(plate.left, plate.top, raster.draw(scene, plate.width))
    furnish(plate, paper)
    return paper.file()


def svg(scene: Scene, *, width: int, dpi: float, axes: bool = True, legend: bool = True) -> bytes:
    """Return an SVG: the image as pixels; markers, arrows, axes and keys as shapes and text."""
    plate = lay_out(scene, width=width, dpi=dpi, axes=axes, legend=legend)
    paper = SvgPaper(*_points(plate))
    place = (plate.left, plate.top, plate.width, plate.height)
    paper.nest([v * plate.pixel for v in place], place[2:], _picture(scene, plate.width, dpi))
    furnish(plate, paper)
    return paper.file()


def _points(plate: Plate) -> tuple[float, float]:
    return plate.size[0] * plate.pixel, plate.size[1] * plate.pixel


def _picture(scene: Scene, width: int, dpi: float) -> list[str]:
    """Write image, markers, arrows and scale bar in pixels."""
    height, width = raster.size_of(scene, width)
    data = base64.b64encode(_png(raster.draw_image(scene, width), dpi)).decode()
    return [
        f'<image width="{width}" height="{height}" href="data:image/png;base64,{data}"/>',
        *map(svg_stroke, raster.strokes_of(scene, width, heads=False)),
        f'<g stroke-width="{1.5 * width / 600:.3g}">',
        *(_ellipse(spot) for spot in raster.outlines(scene, width)),
        "</g>",
        *map(svg_stroke, raster.strokes_of(scene, width, heads=True)),
        *svg_words(scene.words, scene.x_range, scene.y_range, width),
        *(_bar(scene, width, height) if scene.scale_bar else ()),
    ]


def _png(pixels: np.ndarray, dpi: float) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG", dpi=(dpi, dpi))
    return out.getvalue()


def _ellipse(spot: Outline) -> str:
    colour = "#{:02x}{:02x}{:02x}".format(*spot.colour)
    stroke = "white" if spot.rim else "none" if spot.filled else colour
    paint = f'fill="{colour if spot.filled else "none"}" stroke="{stroke}"'
    turn = f"rotate({spot.theta * 57.29578:.2f} {spot.x:.2f} {spot.y:.2f})"
    return (
        f'<ellipse cx="{spot.x:.2f}" cy="{spot.y:.2f}" rx="{spot.major:.2f}" ry="{spot.minor:.2f}"'
        f' transform="{turn}" {paint} opacity="{spot.alpha:.2f}"/>'
    )


def _bar(scene: Scene, width: int, height: int) -> list[str]:
    unit = width / 600
    length, label = raster.bar_of(scene, width)
    inner = max(length, 9 * unit * len(label))
    left, top, tall = 12 * unit, height - 54 * unit, 42 * unit
    middle = left + 8 * unit + inner / 2
    return [
        f'<rect x="{left:.2f}" y="{top:.2f}" width="{inner + 16 * unit:.2f}" height="{tall:.2f}"'
        f' rx="{4 * unit:.2f}" fill="black" fill-opacity="0.63"/>',
        f'<text x="{middle:.2f}" y="{top + 20 * unit:.2f}" fill="white" text-anchor="middle"'
        f' font-family="sans-serif" font-size="{16 * unit:.2f}">{escape(label)}</text>',
        f'<rect x="{middle - length / 2:.2f}" y="{top + 28 * unit:.2f}" width="{length:.2f}"'
        f' height="{5 * unit:.2f}" fill="white"/>',
    ]
