"""Apply a network to an image, on the scale that most speaks for."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from temwidgets.networks.answers import Answer, Prediction
from temwidgets.networks.scaling import resample
from temwidgets.networks.store import Network

Report = Callable[[float], None]
Eye = Callable[[Any, np.ndarray, "Report | None"], Answer]

_EYES = {
    "residual_unet": "temwidgets.networks.residual_prediction",
    "atomid_net": "temwidgets.networks.atomid_prediction",
    "plain_unet": "temwidgets.networks.atomid_prediction",
    "ap_gan": "temwidgets.networks.ap_gan_prediction",
}
_TRUE = 1.15  # spacing told over spacing assumed up to which the scale is right
_PROBES = (6.0, 12.0, 24.0, 48.0)  # px: what is tried when nothing is known of the spacing
_LEAST, _MOST = 2.0, 256.0  # px: spacings within which columns can be resolved
_TRIES = 4  # spacings that are tried at most
_DOUBT = 0.65  # certainty below which a guess may have been wrong, and other spacings are probed
_SURE = 0.85  # certainty up to which a scale a little finer or coarser may be better
_NEAR = (0.85, 1.18)  # what is tried then of the best spacing, unless it is too small to resolve
_SAME = 0.04  # log of a zoom that is not worth the smoothing


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
        each is tried, and what the network itself tells of the spacing then; the answer with most
        `evidence` is taken. First of all comes the spacing of the pairs that a network
        was trained on (``pair_spacing`` on its card), and no other if it is sure then. Where none
        is sure, spacings are probed in the middle of the image, and those a little finer or coarser
        than the best. Spacings that cannot be are left out.
    report : callable, optional
        Called with the fraction done; raises `CancelledError` to stop.
    """
    see, look_twice = _eyes(network)
    if "spacing" not in network.card:
        answer = see(network.model, image, report)
        shape, told = (image.shape[0], image.shape[1]), answer.spacing
        return Prediction(answer, 1.0, shape, told, told)
    usual = float(network.card["spacing"])

    def at(
        part: np.ndarray, spacing: float, done: Report | None = None, see: Eye = see
    ) -> Prediction:
        zoom = usual / spacing
        zoom = 1.0 if abs(np.log(zoom)) < _SAME else zoom
        answer = see(network.model, resample(part, zoom), done)
        told = answer.spacing / zoom
        told = float(np.clip(told, _LEAST, _MOST)) if np.isfinite(told) else spacing
        return Prediction(answer, zoom, (part.shape[0], part.shape[1]), told, usual)

    def settled(best: Prediction) -> Prediction:
        if best.certainty() > _SURE or look_twice is None:
            return best
        return at(image, best.assumed / best.zoom, None, look_twice)

    # images to come are likely of the kind of the pairs that it was trained on
    pairs = network.card.get("pair_spacing")
    if pairs is not None and (likely := at(image, float(pairs), report)).certainty() > _DOUBT:
        return settled(likely)
    guesses = [s for s in spacings if _LEAST <= s <= _MOST]
    best = _surest(at, image, guesses, report) if guesses else None
    if best is None or best.certainty() < _DOUBT:
        best = _surer(best, _surest(at, image, _probes(at, image, report), report))
    return settled(best if best.certainty() > _SURE else _climb(at, image, best))


def _climb(at: Callable[..., Prediction], image: np.ndarray, best: Prediction) -> Prediction:
    """Look on scales a little finer and coarser, and go on to the side that was surer."""
    used = best.assumed / best.zoom
    for factor in _NEAR:
        spacing = used * factor
        while _PROBES[0] < spacing < _MOST:
            answer = at(image, spacing)
            if answer.evidence() <= best.evidence():
                break
            best, spacing = answer, spacing * factor
        if best.assumed / best.zoom != used:
            break
    return best


def _surer(*answers: Prediction | None) -> Prediction:
    """Return the answer that most speaks for."""
    return max((a for a in answers if a is not None), key=Prediction.evidence)


def _eyes(network: Network) -> tuple[Eye, Eye | None]:
    """Return what applies such a network to an image on its scale, and what does so twice."""
    # late: each brings its own needs
    module = importlib.import_module(_EYES[network.card["architecture"]])
    return module.see, getattr(module, "look_twice", None)


def _surest(
    at: Callable[..., Prediction], image: np.ndarray, guesses: list[float], report: Report | None
) -> Prediction:
    """Try each guess, and what is told then; take the answer that is surest of its columns."""
    tried: list[tuple[float, Prediction]] = []
    waiting = list(guesses)
    while waiting and len(tried) < _TRIES:
        spacing = waiting.pop(0)
        if any(abs(np.log(spacing / other)) < np.log(_TRUE) for other, _ in tried):
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
        part = at(image[rows, cols], spacing)
        found.append((part.evidence(), part.spacing))
        if report:
            report((number + 1) / len(_PROBES) / (1 + _TRIES))
    return [told for _, told in sorted(found, reverse=True)[:2]]


def _part_of(report: Report | None, number: int, count: int) -> Report | None:
    """Return what reports the progress of part `number` of `count` as that of the whole."""
    return None if report is None else lambda done: report((number + done) / count)
