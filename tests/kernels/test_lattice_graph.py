import numpy as np
import pytest

from temwidgets.kernels import lattice_graph

BASIS = np.array([[0.5, 10.0], [9.5, -0.7]])
SITES = np.array([(0.0, 0.0), (0.45, 0.55)])


def crystal(size=10):
    cells = np.stack(np.meshgrid(*[np.arange(size)] * 2, indexing="ij"), -1).reshape(-1, 2)
    cells = np.repeat(cells, 2, axis=0)
    site = np.tile([0, 1], len(cells) // 2)
    return (cells + SITES[site]) @ BASIS, cells, site


def same_numbers(found, cells, site):
    """Right but for the cell that is called the first, and for which site is."""
    for kind in (0, 1):
        shift = found.cells[site == kind] - cells[site == kind]
        assert (shift == shift[0]).all()
        assert len(np.unique(found.site[site == kind])) == 1
    assert set(found.site) == {0, 1}


def test_a_crystal_is_numbered():
    points, cells, site = crystal()
    found = lattice_graph.index(points, BASIS, 6.7)
    same_numbers(found, cells, site)
    assert (found.piece == 0).all()
    assert len(found.fractions) == 2


def test_a_crack_is_bridged_over():
    """Rows that were lost split each sublattice; the two sides still count as one crystal."""
    points, cells, site = crystal(20)
    kept = (cells[:, 1] < 9) | (cells[:, 1] > 9)
    found = lattice_graph.index(points[kept], BASIS, 6.7)
    same_numbers(found, cells[kept], site[kept])


def test_of_two_columns_in_one_place_one_is_kept():
    points, _, _ = crystal()
    doubled = np.concatenate([points, points[77:78] + 0.8])
    found = lattice_graph.index(doubled, BASIS, 6.7)
    assert list(np.flatnonzero(found.site < 0)) == [len(points)]


def test_a_shifted_half_is_another_piece():
    points, cells, _ = crystal(20)
    far = cells[:, 0] > 9
    points[far] += 0.25 * BASIS[0] + 0.2 * BASIS[1]
    found = lattice_graph.index(points, BASIS, 5.0)
    pieces, counts = np.unique(found.piece[found.piece >= 0], return_counts=True)
    assert pieces[0] == 0
    assert counts[0] == pytest.approx(far.sum(), abs=25)
    assert np.isnan(found.cells[found.piece != 0]).all()
