import numpy as np

from temwidgets.networks.targets import make_targets


def test_the_cell_of_a_column_is_one_and_its_offset_leads_to_it():
    columns = np.array([[10.0, 7.0], [20.25, 30.75]])
    targets = make_targets(columns, 12.0, (32, 48))
    assert targets.heat.shape == (16, 24)
    assert (targets.heat == 1).sum() == 2
    rows, cols = np.nonzero(targets.heat == 1)
    cells = np.stack([rows, cols], axis=1)
    back = (cells + targets.offset[rows, cols]) * 2 + 0.5
    np.testing.assert_allclose(back, columns, atol=1e-5)
    assert np.exp(targets.log_spacing) == np.float32(6)


def test_cells_near_a_column_point_to_the_nearest():
    targets = make_targets(np.array([[8.5, 8.5], [8.5, 14.5]]), 6.0, (16, 24))
    assert targets.offset[4, 5, 1] == -1
    assert targets.offset[4, 6, 1] == 1
    assert targets.near[4, 5] == 1
    assert targets.near[0, 0] == 0


def test_no_columns_leave_nothing():
    targets = make_targets(np.empty((0, 2)), np.nan, (16, 8))
    assert targets.heat.shape == (8, 4)
    assert not targets.heat.any()
    assert not targets.near.any()
    assert np.isnan(targets.log_spacing)


def test_a_column_on_the_border_stays_inside():
    targets = make_targets(np.array([[-0.4, 15.4]]), 8.0, (16, 16))
    assert targets.heat[0, 7] == 1
