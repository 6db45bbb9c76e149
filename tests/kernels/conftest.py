"""A small joint fit, set up and settled, and the same model written out densely in NumPy."""

from typing import NamedTuple

import jax
import numpy as np
import pytest
from scipy.linalg import expm

from temwidgets.kernels import fit_setup, joint_fit, priors
from temwidgets.kernels import normal_equations as normal
from temwidgets.kernels.normal_equations import Problem, Spec

SHAPE = (52, 58)


class Case(NamedTuple):
    """A settled fit of 16 columns; `shapes` rows are in use."""

    problem: Problem
    spec: Spec
    state: joint_fit.State
    shapes: int


def small_start(tied):
    rng = np.random.default_rng(3)
    row, col = np.mgrid[9:50:11.0, 10:52:12.0].reshape(2, -1) + rng.normal(0, 0.4, (2, 16))
    count = len(row)
    kinds = np.arange(count) % 2 if tied else np.arange(count)
    shapes = np.array([[0.75, 0.08, 0.05], [0.7, -0.03, -0.08]])[np.arange(count) % 2]
    start = fit_setup.Start(
        rows=row,
        cols=col,
        heights=np.where(np.arange(count) % 2, 90.0, 200.0),
        shapes=shapes[:2] if tied else shapes,
        shape_of=kinds,
        low=np.tile([0.0, -np.inf, -np.inf], (count, 1)),
        high=np.full((count, 3), np.inf),
        max_shift=np.full(count, 5.0),
        log_sigma_range=np.log([[0.7, 6.0], [0.7, 6.0]]),
        free=np.ones((count, 3), bool),
        free_shape=np.ones((2 if tied else count, 3), bool),
        frame=np.eye(3),
        coefficients=np.full((4, 4), 40.0) + 3 * np.arange(16).reshape(4, 4),
        background="smooth",
        free_background=True,
        guess_beyond_edge=False,
    )
    return start


def drawn(start, shape=SHAPE):
    """The image that a start describes, without noise."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(float)
    total = np.full(shape, 60.0)
    for k in range(len(start.rows)):
        m, e1, e2 = start.shapes[start.shape_of[k]]
        inverse = expm(-2 * np.array([[m + e1, e2], [e2, m - e1]]))
        d = np.stack([x - start.cols[k], y - start.rows[k]])
        total += start.heights[k] * np.exp(-np.einsum("iyx,ij,jyx->yx", d, inverse, d) / 2)
    return total


def settled(tied, start=None):
    start = small_start(tied) if start is None else start
    image = np.random.default_rng(5).poisson(drawn(start)).astype(np.float32)
    spec = Spec(half=8, margin=12, poisson=True, tied=tied)
    unit = fit_setup.unit_of(image)
    problem, place, shape, nodes = fit_setup.prepare(image, start, spec, unit, None)
    state = joint_fit.begin(problem, spec, place, shape, nodes)
    for _ in range(6):
        state = joint_fit.step(problem, spec, state, np.float32(0.01))
    return Case(problem, spec, state, len(start.shapes))


@pytest.fixture(scope="session")
def free_case():
    return settled(tied=False)


@pytest.fixture(scope="session")
def tied_case():
    return settled(tied=True)


@pytest.fixture(scope="session")
def close_case():
    """Columns that overlap with their next neighbours, and these with theirs."""
    row, col = np.mgrid[12:37:7.6, 14:39:7.6].reshape(2, -1)
    return settled(tied=False, start=small_start(False)._replace(rows=row, cols=col))


@pytest.fixture(params=["free", "tied"])
def case(request):
    return request.getfixturevalue(f"{request.param}_case")


def written_out(case, place, shape, background):
    """The model in double precision, every column cut to its window."""
    problem, half = case.problem, case.spec.half
    model = np.asarray(problem.offset, float) + (
        np.asarray(problem.basis_y, float) @ background @ np.asarray(problem.basis_x, float).T
    )
    v, u = np.mgrid[-half : half + 1, -half : half + 1].astype(float)
    for k in range(16):
        top, left = np.asarray(problem.corners)[k]
        m, e1, e2 = shape[np.asarray(problem.shape_of)[k]]
        inverse = expm(-2 * np.array([[m + e1, e2], [e2, m - e1]]))
        d = np.stack([u - place[k, 2], v - place[k, 1]])
        unit = np.exp(-np.einsum("iyx,ij,jyx->yx", d, inverse, d) / 2)
        model[top : top + 2 * half + 1, left : left + 2 * half + 1] += place[k, 0] * unit
    return model


def parts_of(case):
    """Place, shape and background of the settled fit, in double precision, padding left out."""
    state = case.state
    return (
        np.asarray(state.place, float)[:16],
        np.asarray(state.shape, float)[: case.shapes],
        np.asarray(state.background, float),
    )


def dense_jacobian(case):
    """Central differences (pixels, parameters): places, shapes (m, e1, e2), background."""
    parts = parts_of(case)
    sizes = np.cumsum([0] + [p.size for p in parts])
    flat = np.concatenate([p.ravel() for p in parts])

    def model(values):
        pieces = [
            values[a:b].reshape(p.shape)
            for p, a, b in zip(parts, sizes[:-1], sizes[1:], strict=True)
        ]
        return written_out(case, *pieces).ravel()

    columns = []
    for k in range(flat.size):
        step = np.zeros(flat.size)
        step[k] = 1e-5
        columns.append((model(flat + step) - model(flat - step)) / 2e-5)
    return np.stack(columns, axis=1)


@pytest.fixture(scope="session")
def dense_of():
    """Fisher matrix and Jacobian of a case, made once each."""
    made = {}

    def of(case):
        if id(case) not in made:
            jacobian = dense_jacobian(case)
            weight = np.asarray(normal.weights(case.problem, case.spec, case.state.model), float)
            a, b = case.state.background.shape
            fisher = jacobian.T @ (jacobian * weight.ravel()[:, None])
            prior = case.problem.prior
            fisher[-a * b :, -a * b :] += np.asarray(priors.background_matrix(prior))
            shapes = np.arange(3 * case.shapes) + len(fisher) - a * b - 3 * case.shapes
            fisher[shapes, shapes] += float(prior.noise * prior.shape_weight)
            made[id(case)] = fisher, jacobian
        return made[id(case)]

    return of


@pytest.fixture(scope="session")
def turn_of():
    """Matrix that brings flat local unknowns to flat (h, dy, dx), (m, e1, e2), background."""

    def of(case):
        frames = np.asarray(normal.local_frames(case.problem, case.state.shape), float)
        first, size = 16 * 3, 3 * case.shapes
        turn = np.eye(first + size + case.state.background.size)
        for k in range(case.shapes):
            rows = slice(first + 3 * k, first + 3 * k + 3)
            turn[rows, rows] = frames[k]
        return turn

    return of


@pytest.fixture(scope="session")
def flatten():
    """Flat NumPy vector of unknowns (place, shape, background), padding left out."""

    def flat(case, parts):
        place, shape, background = jax.tree.map(lambda v: np.asarray(v, float), parts)
        pieces = [place[:16].ravel(), shape[: case.shapes].ravel(), background.ravel()]
        return np.concatenate(pieces)

    return flat


@pytest.fixture(scope="session")
def random_unknowns():
    """Random unknowns of a case with zeros in the padding."""

    def make(case, seed):
        rng = np.random.default_rng(seed)
        place = np.zeros(case.state.place.shape, np.float32)
        shape = np.zeros(case.state.shape.shape, np.float32)
        place[:16] = rng.standard_normal((16, 3))
        shape[: case.shapes] = rng.standard_normal((case.shapes, 3))
        nodes = rng.standard_normal(case.state.background.shape).astype(np.float32)
        return place, shape, nodes

    return make


@pytest.fixture(scope="session")
def dense_model():
    """The model of a case in double precision, from place, shape and background."""
    return written_out


@pytest.fixture(scope="session")
def unknowns():
    """Place, shape and background of a settled case in double precision."""
    return parts_of
