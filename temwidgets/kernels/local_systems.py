"""Fisher systems of single columns with their overlapping neighbours, and what lies beyond them."""

from __future__ import annotations

import jax
import jax.numpy as jnp

Array = jax.Array


def told_by(blocks: Array, pairs: Array, near: Array) -> Array:
    """(N, K, own, own) what a column's block loses when one neighbour is unknown."""
    diagonal = jnp.diagonal(blocks, axis1=1, axis2=2)
    scale = jnp.where(diagonal > 0, jax.lax.rsqrt(jnp.where(diagonal > 0, diagonal, 1.0)), 0.0)
    unit = blocks * scale[:, :, None] * scale[:, None, :]
    unit += jnp.eye(blocks.shape[1]) * jnp.where(diagonal > 0, 1e-5, 1.0)[:, :, None]
    inverse = jnp.linalg.inv(unit) * scale[:, :, None] * scale[:, None, :]
    lost = jnp.einsum("nkij,nkjl,nkml->nkim", pairs, inverse[jnp.maximum(near, 0)], pairs)
    return jnp.where((near >= 0)[..., None, None], lost, 0.0)


def lost_beyond(told: Array, near: Array, group: Array) -> Array:
    """(C, K, own, own) what each neighbour's block loses by columns that are not of the group."""
    member = jnp.maximum(group[:, 1:], 0)
    theirs = near[member]
    inside = (theirs[..., None] == group[:, None, None, :]).any(-1) | (theirs < 0)
    outside = jnp.where(inside, 0.0, 1.0) * (group[:, 1:] >= 0)[..., None]
    return jnp.einsum("ckb,ckbij->ckij", outside, told[member])


def local_matrix(blocks: Array, pairs: Array, group: Array, among: Array, own: int) -> Array:
    """Fisher matrices (C, q, q) of columns with their neighbours, q = own (1 + K)."""
    count, members = group.shape
    near = among.shape[1]
    there = group >= 0
    member = jnp.maximum(group, 0)
    diagonal = blocks[member][:, :, :own, :own]
    inner = jnp.take_along_axis(
        pairs[member[:, 1:]][..., :own, :own], jnp.maximum(among, 0)[..., None, None], axis=2
    )
    inner = jnp.where((among >= 0)[..., None, None], inner, 0.0)
    first = pairs[member[:, 0]][..., :own, :own]
    full = jnp.zeros((count, members, members, own, own))
    known = (among >= 0).astype(inner.dtype)
    known = jnp.maximum(known + jnp.swapaxes(known, 1, 2), 1.0)[..., None, None]
    full = full.at[:, 1:, 1:].set((inner + jnp.einsum("nabij->nbaji", inner)) / known)
    full = full.at[:, 0, 1:].set(first).at[:, 1:, 0].set(jnp.swapaxes(first, 2, 3))
    step = jnp.arange(near + 1)
    full = full.at[:, step, step].set(diagonal)
    both = there[:, :, None] & there[:, None, :]
    full = jnp.where(both[..., None, None], full, 0.0)
    return jnp.swapaxes(full, 2, 3).reshape(count, members * own, members * own)


def response(matrix: Array, border: Array, group: Array, own: int, lost: Array) -> Array:
    """Own rows of the local inverse times [own unit vectors, border]: (C, own, own + border).

    To the inverse comes, to first order, what the neighbours' blocks have lost.
    """
    coupling = border[jnp.maximum(group, 0)][:, :, :own] * (group >= 0)[..., None, None]
    coupling = coupling.reshape(group.shape[0], -1, border.shape[2])
    unit = jnp.zeros((*coupling.shape[:2], own)).at[:, jnp.arange(own), jnp.arange(own)].set(1.0)
    diagonal = jnp.diagonal(matrix, axis1=1, axis2=2)
    free = diagonal > 0
    scale = jnp.where(free, jax.lax.rsqrt(jnp.where(free, diagonal, 1.0)), 0.0)
    scaled = matrix * scale[:, :, None] * scale[:, None, :]
    scaled += jnp.eye(matrix.shape[1]) * jnp.where(free, 1e-5, 1.0)[:, :, None]
    right = jnp.concatenate([unit, coupling], axis=2) * scale[..., None]
    factor = jnp.linalg.cholesky(scaled)
    half = jax.lax.linalg.triangular_solve(factor, right, left_side=True, lower=True)
    found = jnp.swapaxes(half[..., :own], 1, 2) @ half
    rows = jax.lax.linalg.triangular_solve(
        factor, half[..., :own], left_side=True, lower=True, transpose_a=True
    )
    rows = (rows * scale[..., None])[:, own:].reshape(group.shape[0], -1, own, own)
    more = jnp.einsum("ckji,ckjl,cklm->cim", rows, lost, rows)
    return found.at[..., :own].add(more)
