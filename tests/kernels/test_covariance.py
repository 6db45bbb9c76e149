import numpy as np
import pytest

from temwidgets.kernels import covariance


def of_case(case):
    state = case.state
    corners = np.asarray(case.problem.corners)[:16]
    y, x = (corners + np.asarray(state.place)[:16, 1:]).T
    near = covariance.neighbours(y, x, case.problem.corners.shape[0], 2.1)
    among = covariance.places_among(near)
    return covariance.covariances(case.problem, case.spec, state, near, among)


def test_errors_are_those_of_the_dense_fisher_matrix(case, dense_of):
    spread, background, _ = of_case(case)
    dense = np.linalg.inv(dense_of(case)[0] + 1e-9 * np.eye(len(dense_of(case)[0])))
    found = np.sqrt(np.diagonal(np.asarray(spread), axis1=1, axis2=2))[:16]
    places = np.sqrt(np.diag(dense)[:48]).reshape(16, 3)
    np.testing.assert_allclose(found[:, :3], places, rtol=0.1)
    shapes = np.sqrt(np.diag(dense)[48 : 48 + 3 * case.shapes]).reshape(-1, 3)
    wanted = shapes[np.asarray(case.problem.shape_of)[:16]]
    # shared shapes come from the coarse system, where heights answer collectively: a little wide
    np.testing.assert_allclose(found[:, 3:], wanted, rtol=0.15 if case.spec.tied else 0.1)
    problem = case.problem
    middle = np.asarray(problem.corners)[:16] + case.spec.half
    by, bx = np.asarray(problem.basis_y)[middle[:, 0]], np.asarray(problem.basis_x)[middle[:, 1]]
    under = np.einsum("na,nb->nab", by, bx).reshape(16, -1)
    nodes = dense[-under.shape[1] :, -under.shape[1] :]
    wanted = np.sqrt(np.einsum("ni,ij,nj->n", under, nodes, under))
    np.testing.assert_allclose(np.sqrt(background[:16]), wanted, rtol=0.2)


def test_columns_beyond_the_neighbours_count_too(close_case, dense_of):
    spread, _, _ = of_case(close_case)
    found = np.sqrt(np.diagonal(np.asarray(spread), axis1=1, axis2=2))[:16, 1:3]
    dense = np.linalg.inv(dense_of(close_case)[0] + 1e-9 * np.eye(len(dense_of(close_case)[0])))
    exact = np.sqrt(np.diag(dense)[:48]).reshape(16, 3)[:, 1:]
    # by themselves the neighbours leave 0.992
    assert 0.996 < np.mean(found / exact) < 1.015
    np.testing.assert_allclose(found, exact, rtol=0.04)


def test_they_are_symmetric_and_positive(case):
    spread = np.asarray(of_case(case)[0], float)[:16]
    size = np.sqrt(np.diagonal(spread, axis1=1, axis2=2))
    unit = spread / size[:, :, None] / size[:, None, :]
    np.testing.assert_allclose(unit, np.swapaxes(unit, 1, 2), atol=1e-3)
    assert np.linalg.eigvalsh(unit).min() > -1e-3


def test_columns_that_stand_apart_inflate_nothing(free_case):
    inflation = np.asarray(of_case(free_case)[2])[:16]
    assert inflation.min() > 0.9
    assert inflation.max() < 1.5


def test_neighbours_are_those_within_reach():
    y, x = np.array([0.0, 0, 0, 50]), np.array([0.0, 8, 16, 50])
    near = covariance.neighbours(y, x, 6, 2.0)
    assert near.shape == (6, covariance.NEAREST[-1])
    assert sorted(near[1][near[1] >= 0]) == [0, 2]
    assert (near[3:] == -1).all()
    assert near[0][0] == 1
    assert (covariance.neighbours(y[:1], x[:1], 4, 2.0) == -1).all()


def test_places_among_neighbours():
    near = np.array([[1, 2], [0, -1], [0, -1]], np.int32)
    among = covariance.places_among(near)
    # neighbour 1 of column 0 does not list neighbour 2
    assert among[0, 0, 1] == -1
    assert among.shape == (3, 2, 2)


@pytest.mark.parametrize("count", [0, 1])
def test_few_columns_have_no_neighbours(count):
    assert (covariance.neighbours(np.zeros(count), np.zeros(count), 2, 1.0) == -1).all()


@pytest.mark.parametrize(("slant", "found", "width"), [(0.0, 4, 4), (0.5, 6, 8)])
def test_large_fits_with_few_neighbours_use_small_systems(slant, found, width):
    i, j = (v.ravel() for v in np.mgrid[:25, :25].astype(float))
    y, x = 8 * np.sqrt(1 - slant**2) * i, 8 * (j + slant * i)
    near = covariance.neighbours(y, x, 2560, 2.0)
    assert near.shape == (2560, width)
    assert (near[312] >= 0).sum() == found


def test_columns_on_one_place_are_taken_by_themselves(free_case):
    case, state = free_case, free_case.state
    corners = np.asarray(case.problem.corners)[:16]
    y, x = (corners + np.asarray(state.place)[:16, 1:]).T
    near = covariance.neighbours(y, x, case.problem.corners.shape[0], 2.1)
    doubled = near.copy()
    doubled[3, :2] = 3  # twice its own neighbour: no definite matrix
    spread, _, _ = covariance.covariances(
        case.problem, case.spec, state, doubled, covariance.places_among(doubled)
    )
    assert np.isfinite(spread).all()
