"""What a network tells of an image, whatever its size and scale."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from temwidgets.networks.batches import nearest_distance
from temwidgets.networks.detection import Found
from temwidgets.networks.scaling import resample
from temwidgets.networks.store import Network

Report = Callable[[float], None]

_EYES = {
    "residual_unet": "temwidgets.networks.residual_prediction",
    "atomid_net": "temwidgets.networks.atomid_prediction",
    "plain_unet": "temwidgets.networks.atomid_prediction",
    "ap_gan": "temwidgets.networks.ap_gan_prediction",
}
_TRUE = 1.3  # spacing told over spacing assumed up to which the scale is right
_PROBES = (6.0, 12.0, 24.0, 48.0)  # px: what is tried when nothing is known of the spacing
_LEAST, _MOST = 2.0, 256.0  # px: spacings within which columns can be resolved
_TRIES = 4  # spacings that are tried at most
_DOUBT = 0.65  # certainty below which a guess may have been wrong, and other spacings are probed
_NEAR = (0.85, 1.18)  # what is tried then of the best spacing, unless it is too small to resolve
_SAME = 0.04  # log of a zoom that is not worth the smoothing


class Answer(NamedTuple):
    """The answer of a network for an image on the scale that it got to see."""

    probability: np.ndarray  # (y, x) on cells: of a column, of whatever species
    cell: int  # pixels a side of a cell
    spacing: float  # px: mean distance to the nearest neighbour; NaN where it is not told
    detect: Callable[..., Found]  # of threshold and separation (px, or None), places in px


class Prediction(NamedTuple):
    """What a network tells of an image; `columns` cuts it, in no time."""

    answer: Answer
    zoom: float  # pixels that the network saw over pixels of the image
    shape: tuple[int, int]  # of the image
    spacing: float  # px of the image: as told, or else as assumed

    def columns(self, threshold: float = 0.3, separation: float | None = None) -> Found:
        """Columns in pixels of the image; of two nearer than `separation` px the likelier one.

        Half the spacing when it is not given.
        """
        found = self.answer.detect(
            threshold, None if separation is None else separation * self.zoom
        )
        place = (found.place + 0.5) / self.zoom - 0.5
        # as everywhere: a column is in the image if it lies within the outermost pixel centres
        inside = ((place >= 0) & (place <= np.array(self.shape) - 1)).all(axis=1)
        species = None if found.species is None else found.species[inside]
        return Found(place[inside], found.probability[inside], species)

    def certainty(self) -> float:
        """How sure the network is of what it calls columns: their mean probability, 0 to 1."""
        weight = self.columns(0.1).probability
        return float((weight**2).sum() / weight.sum()) if len(weight) else 0.0


def predict(
    network: Network,
    image: np.ndarray,
    *,
    spacings: tuple[float, ...] = (),
    report: Report | None = None,
) -> Prediction:
    """Apply a network to an image.

    Parameters
    ----------
    network : Network
    image : ndarray, (y, x)
        Bright columns; NaN where a pixel is missing.
    spacings : tuple of float
        Guesses of the distance to the nearest neighbour, px. For a network that knows one scale
        each is tried, and what the network itself tells of the spacing then; the answer that is
        surest of its columns is taken. First of all comes the spacing of the pairs that a network
        was trained on (``pair_spacing`` on its card), and no other if it is sure then. Where none
        is sure, spacings are probed in the middle of the image. Spacings that cannot be are left
        out.
    report : callable, optional
        Called with the fraction done; raises `CancelledError` to stop.
    """
    see = _eye(network)
    if "spacing" not in network.card:
        answer = see(network.model, image, report)
        return Prediction(answer, 1.0, (image.shape[0], image.shape[1]), answer.spacing)

    def at(part: np.ndarray, spacing: float, done: Report | None) -> Prediction:
        zoom = float(network.card["spacing"]) / spacing
        zoom = 1.0 if abs(np.log(zoom)) < _SAME else zoom
        answer = see(network.model, resample(part, zoom), done)
        told = answer.spacing / zoom
        told = float(np.clip(told, _LEAST, _MOST)) if np.isfinite(told) else spacing
        return Prediction(answer, zoom, (part.shape[0], part.shape[1]), told)

    # images to come are likely of the kind of the pairs that it was trained on
    usual = network.card.get("pair_spacing")
    if usual is not None and (likely := at(image, float(usual), report)).certainty() > _DOUBT:
        return likely
    guesses = [s for s in spacings if _LEAST <= s <= _MOST]
    best = _surest(at, image, guesses, report) if guesses else None
    if best is None or best.certainty() < _DOUBT:
        best = _surer(best, _surest(at, image, _probes(at, image, report), report))
    if best.certainty() < _DOUBT:
        used = float(network.card["spacing"]) / best.zoom
        near = [at(image, used * k, None) for k in _NEAR if used * k > _PROBES[0]]
        best = _surer(best, *near)
    return best


def _surer(*answers: Prediction | None) -> Prediction:
    """Return the answer that is surest of its columns."""
    return max((a for a in answers if a is not None), key=Prediction.certainty)


def _eye(network: Network) -> Callable[[Any, np.ndarray, Report | None], Answer]:
    """Return what applies a network of this architecture to an image on its scale."""
    # late: each brings its own needs
    module = importlib.import_module(_EYES[network.card["architecture"]])
    see: Callable[[Any, np.ndarray, Report | None], Answer] = module.see
    return see


def _surest(
    at: Callable[..., Prediction], image: np.ndarray, guesses: list[float], report: Report | None
) -> Prediction:
    """Try each guess, and what is told then; take the answer that is surest of its columns."""
    tried: list[tuple[float, Prediction]] = []
    waiting = list(guesses)
    while waiting and len(tried) < _TRIES:
        spacing = waiting.pop(0)
        if any(abs(np.log(spacing / other)) < np.log(1.15) for other, _ in tried):
            continue
        answer = at(image, spacing, _part_of(report, 1 + len(tried), 1 + _TRIES))
        tried.append((spacing, answer))
        if abs(np.log(answer.spacing / spacing)) > np.log(_TRUE):
            waiting.append(answer.spacing)
    return _surer(*(answer for _, answer in tried))


def _probes(at: Callable[..., Prediction], image: np.ndarray, report: Report | None) -> list[float]:
    """Two likeliest spacings by a look at the middle of the image at several scales."""
    found = []
    for number, spacing in enumerate(_PROBES):
        half = int(10 * spacing)
        rows, cols = (slice(max(0, n // 2 - half), n // 2 + half) for n in image.shape)
        part = at(image[rows, cols], spacing, None)
        found.append((part.certainty(), part.spacing))
        if report:
            report((number + 1) / len(_PROBES) / (1 + _TRIES))
    return [told for _, told in sorted(found, reverse=True)[:2]]


def _part_of(report: Report | None, number: int, count: int) -> Report | None:
    """Return what reports the progress of part `number` of `count` as that of the whole."""
    return None if report is None else lambda done: report((number + done) / count)


def distance_of(found: Found) -> float:
    """Mean distance to the nearest neighbour of what was found, px; NaN for fewer than eight."""
    return nearest_distance(found.place) if len(found.place) >= 8 else float("nan")
