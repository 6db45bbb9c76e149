import numpy as np
import pytest

import temwidgets as tw
from temwidgets.analysis.fourier.strain_displacement import add_displacement


def test_the_displacement_is_put_beside_the_strain():
    image, truth = tw.synthetic.strained_crystal((181, 204), sampling=0.02, strain=0.01)
    strain = tw.geometric_phase(image, tw.make_reflections(truth["g"].values))
    found = add_displacement(strain)
    for name in strain.variables:
        assert found[name].identical(strain[name].assign_coords(found[name].coords))
    expected = tw.phase_displacement(strain)
    for name in ("displacement", "displacement_std", "cut", "residue"):
        np.testing.assert_array_equal(found[name], expected[name])
    assert found.attrs == strain.attrs
    with pytest.raises(TypeError, match=r"result of temwidgets\.geometric_phase"):
        add_displacement(truth[["e_xx"]])
