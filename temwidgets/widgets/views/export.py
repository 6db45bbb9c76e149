"""Files of a view: PNG and SVG."""

from __future__ import annotations

import base64
import io
from html import escape

import numpy as np
from PIL import Image

from temwidgets.widgets.views import raster
from temwidgets.widgets.views._overlay_print import svg_stroke
from temwidgets.widgets.views.raster import Outline, Scene

_MM_PER_INCH = 25.4


def png(scene: Scene, *, width: int, dpi: float) -> bytes:
    """Return a PNG `width` pixels wide that prints at `dpi`."""
    return _png(raster.draw(scene, width), dpi)


def svg(scene: Scene, *, width: int, dpi: float) -> bytes:
    """Return an SVG: the image `width` pixels wide inside, markers and scale bar as shapes."""
    height, width = raster.size_of(scene, width)
    data = base64.b64encode(_png(raster.draw_image(scene, width), dpi)).decode()
    size = f'width="{_mm(width, dpi)}mm" height="{_mm(height, dpi)}mm"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {width} {height}">',
        f'<image width="{width}" height="{height}" href="data:image/png;base64,{data}"/>',
        *map(svg_stroke, raster.strokes_of(scene, width, heads=False)),
        f'<g stroke-width="{1.5 * width / 600:.3g}">',
        *(_ellipse(spot) for spot in raster.outlines(scene, width)),
        "</g>",
        *map(svg_stroke, raster.strokes_of(scene, width, heads=True)),
        *(_bar(scene, width, height) if scene.scale_bar else ()),
        "</svg>",
    ]
    return "\n".join(parts).encode()


def _png(pixels: np.ndarray, dpi: float) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG", dpi=(dpi, dpi))
    return out.getvalue()


def _mm(pixels: int, dpi: float) -> str:
    return f"{pixels / dpi * _MM_PER_INCH:.3f}"


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
