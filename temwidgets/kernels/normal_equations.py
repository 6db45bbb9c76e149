"""The Fisher matrix of the joint fit, as products: draw a step into the image, weigh, gather.

Unknowns are a triple (place, shape, background): (N, 3) heights and centres, (T, 3) shapes in each
shape's local axes, (a, b) background nodes. Without sharing there is one shape a column, T = N.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from temwidgets.kernels import gaussians, priors, windows

Array = jax.Array
Unknowns = tuple[Array, Array, Array]
Leaf = Any  # NumPy until a jit takes it, JAX inside


BLOCK = 8  # image sides are multiples of it; smooth products are averaged over such blocks


class Problem(NamedTuple):
    """What is fitted. N columns (padded to a bucket), T shapes, image padded by half a window."""

    data: Leaf  # (Y, X)
    valid: Leaf  # (Y, X), 0 where a pixel does not count
    offset: Leaf  # (Y, X), fixed part of the model
    corners: Leaf  # (N, 2) int32, first pixel of each window
    shape_of: Leaf  # (N,) int32, row of the shape table
    start: Leaf  # (N, 2) dy, dx of the start
    max_shift: Leaf  # (N,)
    low: Leaf  # (N, 3) least h, dy, dx
    high: Leaf  # (N, 3)
    log_sigma_range: Leaf  # (2, 2) of (major, minor): low, high
    free: Leaf  # (N, 3), 0 where h, dy, dx are fixed, and for padding
    free_shape: Leaf  # (T, 3), 0 where a local shape coordinate is fixed
    prior: priors.Prior
    frame: Leaf  # (3, 3) local shape coordinates to (m, eta, tau)
    basis_y: Leaf  # (Y, a)
    basis_x: Leaf  # (X, b)
    free_background: Leaf  # (a, b)
    unused_background: Leaf  # (a, b), 1 where the basis has no such function
    floor: Leaf  # smallest model value that counts as a variance
    chunks: Leaf  # filled chunks of columns


class Spec(NamedTuple):
    """What a compilation depends on besides array shapes."""

    half: int
    margin: int  # pixels that the image is padded by, at least `half`
    poisson: bool
    tied: bool

    @property
    def width(self) -> int:
        """Pixels along a window."""
        return 2 * self.half + 1

    @property
    def scale(self) -> float:
        """Unit of the monomials."""
        return self.half / 2


class Linear(NamedTuple):
    """The normal equations at one state."""

    unit: Array  # (N, pixels) unit Gaussians
    weight: Array  # (Y, X)
    tangents: Array  # (N, 6, 6) in local shape coordinates
    gradient: Unknowns
    blocks: Array  # (N, 6, 6) each column's own Fisher block


def table(spec: Spec, exponents: tuple[tuple[int, int], ...] = gaussians.DEGREE_2) -> Array:
    """Monomials over the window."""
    return jnp.asarray(gaussians.monomials(spec.half, exponents, spec.scale))


def column_parameters(problem: Problem, place: Array, shape: Array) -> Array:
    """(N, 6) rows h, dy, dx, m, e1, e2."""
    return jnp.concatenate([place, shape[problem.shape_of]], axis=1)


def background_image(problem: Problem, background: Array) -> Array:
    """Background nodes drawn as an image."""
    return problem.basis_y @ background @ problem.basis_x.T


def draw(
    problem: Problem, spec: Spec, place: Array, shape: Array, background: Array
) -> tuple[Array, Array]:
    """Unit Gaussians (N, pixels) and the model image (Y, X)."""
    monomials = table(spec)
    columns = column_parameters(problem, place, shape)

    def unit_of(start: Array) -> Array:
        place_and_shape = windows.rows(columns, start)[:, 1:]
        log_unit = jax.vmap(lambda p: gaussians.exponent(p, spec.scale))(place_and_shape)
        return jnp.exp(log_unit @ monomials)

    unit = windows.map_chunks(problem.chunks, place.shape[0], unit_of)
    model = windows.add_chunks(
        problem.chunks,
        problem.corners,
        spec.width,
        problem.offset + background_image(problem, background),
        lambda s: windows.rows(unit, s) * windows.rows(place, s)[:, :1],
    )
    return unit, model


def draw_tails(problem: Problem, spec: Spec, place: Array, shape: Array) -> Array:
    """What the columns add outside their windows, out to `spec.margin`; (Y, X)."""
    wide = jnp.asarray(gaussians.monomials(spec.margin, gaussians.DEGREE_2, spec.scale))
    rim = np.ones((2 * spec.margin + 1,) * 2, np.float32)
    inner = spec.margin - spec.half
    rim[inner : inner + spec.width, inner : inner + spec.width] = 0
    columns = column_parameters(problem, place, shape)

    def pixels(start: Array) -> Array:
        chosen = windows.rows(columns, start)
        log_unit = jax.vmap(lambda p: gaussians.exponent(p, spec.scale))(chosen[:, 1:])
        return chosen[:, :1] * jnp.exp(log_unit @ wide) * rim.ravel()

    empty = jnp.zeros_like(problem.data)
    corners = problem.corners - inner
    return windows.add_chunks(problem.chunks, corners, 2 * spec.margin + 1, empty, pixels)


def cost(problem: Problem, spec: Spec, at: Unknowns, model: Array) -> Array:
    """Half the deviance and the priors; below the floor the Poisson cost is a parabola."""
    prior = priors.value(problem.prior, *at)
    if not spec.poisson:
        return prior + jnp.sum(problem.valid * (problem.data - model) ** 2) / 2
    data, floor = problem.data, problem.floor
    high = jnp.maximum(model, floor)
    positive = jnp.maximum(data, floor)
    value = high - positive - data * jnp.log(high / positive)
    low = jnp.minimum(model - floor, 0.0)
    value += (1 - data / floor) * low + low**2 / (2 * floor)
    return prior + jnp.sum(problem.valid * value)


def weights(problem: Problem, spec: Spec, model: Array) -> Array:
    """Inverse variances: 1 / model for counting noise, 1 otherwise."""
    if not spec.poisson:
        return problem.valid
    return problem.valid / jnp.maximum(model, problem.floor)


def local_frames(problem: Problem, shape: Array) -> Array:
    """(T, 3, 3): local shape coordinates to (m, e1, e2), turned along each shape's axes."""
    angle = jnp.arctan2(shape[:, 2], shape[:, 1])
    zero, one = jnp.zeros_like(angle), jnp.ones_like(angle)
    c, s = jnp.cos(angle), jnp.sin(angle)
    turn = jnp.stack([one, zero, zero, zero, c, -s, zero, s, c], axis=1).reshape(-1, 3, 3)
    return turn @ problem.frame


def _tangents(problem: Problem, spec: Spec, columns: Array, shape: Array) -> Array:
    """(N, 6, 6) derivatives over the monomials; zero rows where a parameter is fixed."""
    frames = local_frames(problem, shape)
    free = jnp.concatenate([problem.free, problem.free_shape[problem.shape_of]], axis=1)

    def of(start: Array) -> Array:
        raw = gaussians.tangents(windows.rows(columns, start), spec.scale)
        turn = frames[windows.rows(problem.shape_of, start)]
        turned = jnp.einsum("nji,njk->nik", turn, raw[:, 3:])
        return jnp.concatenate([raw[:, :3], turned], axis=1) * windows.rows(free, start)[..., None]

    return windows.map_chunks(problem.chunks, columns.shape[0], of)


def linearise(
    problem: Problem,
    spec: Spec,
    place: Array,
    shape: Array,
    background: Array,
    unit: Array,
    model: Array,
    image: Array | None = None,
    drawn: Array | float = 1.0,
) -> Linear:
    """Gradient and Fisher blocks from the moments of each window.

    The gradient is that of the misfit data - model, or of another `image` put in its place;
    `drawn` is 0 to leave the priors out.
    """
    table2, table4 = table(spec), table(spec, gaussians.DEGREE_4)
    weight = weights(problem, spec, model)
    residual = weight * (problem.data - model if image is None else image)
    columns = column_parameters(problem, place, shape)
    tangents = _tangents(problem, spec, columns, shape)

    def moments_of(start: Array) -> Array:
        own, corners = windows.rows(unit, start), windows.rows(problem.corners, start)
        first = (own * windows.gather(residual, corners, spec.width)) @ table2.T
        second = (own**2 * windows.gather(weight, corners, spec.width)) @ table4.T
        return jnp.concatenate([first, second], axis=1)

    moments = windows.map_chunks(problem.chunks, columns.shape[0], moments_of)
    slopes = jnp.einsum("nij,nj->ni", tangents, moments[:, :6])
    products = moments[:, 6:][:, gaussians.PRODUCTS]
    blocks = jnp.einsum("nij,njk,nlk->nil", tangents, products, tangents)
    drawn_to = priors.own_diagonal(problem.prior, problem.shape_of.shape[0])
    free = jnp.concatenate([problem.free, problem.free_shape[problem.shape_of]], axis=1)
    blocks += (drawn_to * free)[:, :, None] * jnp.eye(6)
    place_part, shape_part, background_part = fold(problem, spec, slopes, residual)
    pull = jax.tree.map(lambda v: drawn * v, priors.pull(problem.prior, place, shape, background))
    turned = jnp.einsum("nji,nj->ni", local_frames(problem, shape), pull[1])
    gradient = (
        place_part + pull[0] * problem.free,
        shape_part + turned * problem.free_shape,
        background_part + pull[2] * problem.free_background,
    )
    return Linear(unit, weight, tangents, gradient, blocks)


def fold(problem: Problem, spec: Spec, per_column: Array, image: Array) -> Unknowns:
    """Bring (N, 6) and an image to the unknowns: the transpose of drawing."""
    background = problem.basis_y.T @ image @ problem.basis_x * problem.free_background
    shape = per_column[:, 3:]
    if spec.tied:
        shape = jax.ops.segment_sum(shape, problem.shape_of, problem.free_shape.shape[0])
    return per_column[:, :3], shape, background


def draw_columns(problem: Problem, spec: Spec, linear: Linear, change: Array, on: Array) -> Array:
    """Add to the image `on` what a change (N, 6) of the columns' parameters does."""
    monomials = table(spec)
    coefficients = jnp.einsum("ni,nij->nj", change, linear.tangents)
    return windows.add_chunks(
        problem.chunks,
        problem.corners,
        spec.width,
        on,
        lambda s: windows.rows(linear.unit, s) * (windows.rows(coefficients, s) @ monomials),
    )


def project(problem: Problem, spec: Spec, linear: Linear, image: Array) -> Unknowns:
    """Bring an image to the unknowns: each window's overlap with the column's derivatives."""
    monomials = table(spec)

    def moments_of(start: Array) -> Array:
        cut = windows.gather(image, windows.rows(problem.corners, start), spec.width)
        return (windows.rows(linear.unit, start) * cut) @ monomials.T

    moments = windows.map_chunks(problem.chunks, problem.corners.shape[0], moments_of)
    return fold(problem, spec, jnp.einsum("nij,nj->ni", linear.tangents, moments), image)


def multiply(problem: Problem, spec: Spec, linear: Linear, step: Unknowns) -> Unknowns:
    """Fisher matrix, priors included, times a step, without ever forming the matrix."""
    place, shape, background = step
    change = jnp.concatenate([place, shape[problem.shape_of]], axis=1)
    under = background_image(problem, background * problem.free_background)
    image = draw_columns(problem, spec, linear, change, under)
    told = project(problem, spec, linear, image * linear.weight)
    drawn = priors.stiffness(problem.prior, place, shape, background)
    free = (problem.free, problem.free_shape, problem.free_background)
    return jax.tree.map(lambda t, d, f: t + d * f, told, drawn, free)


def background_gram(problem: Problem, weight: Array) -> Array:
    """Gram matrix (a b, a b) of the background's basis under pixel weights (Y, X)."""
    return _gram(problem, _block_mean(_block_mean(weight).T).T * BLOCK**2)


def _gram(problem: Problem, weight: Array) -> Array:
    """Gram matrix from weights of blocks (Y / 8, X / 8)."""
    squares = []
    for basis in (_block_mean(problem.basis_y), _block_mean(problem.basis_x)):
        squares.append((basis[:, :, None] * basis[:, None, :]).reshape(len(basis), -1))
    a, b = problem.basis_y.shape[1], problem.basis_x.shape[1]
    product = (squares[0].T @ weight @ squares[1]).reshape(a, a, b, b)
    return jnp.swapaxes(product, 1, 2).reshape(a * b, a * b)


def _block_mean(array: Array) -> Array:
    """Average the first axis over blocks."""
    return array.reshape(array.shape[0] // BLOCK, BLOCK, *array.shape[1:]).mean(axis=1)
