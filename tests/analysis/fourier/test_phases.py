import builtins

import numpy as np
import pytest

import temwidgets as tw

_CIF = """data_{name}
_cell_length_a {a}
_cell_length_b {b}
_cell_length_c {c}
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma {gamma}
_symmetry_space_group_name_H-M '{group}'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
{atoms}
"""


def cif(path, name, group, a, b, c, atoms, gamma=90):
    file = path / f"{name}.cif"
    file.write_text(_CIF.format(name=name, a=a, b=b, c=c, gamma=gamma, group=group, atoms=atoms))
    return file


@pytest.fixture
def gold(tmp_path):
    return cif(tmp_path, "gold", "F m -3 m", 4.0782, 4.0782, 4.0782, "Au1 Au 0 0 0")


@pytest.fixture
def silicon(tmp_path):
    return cif(tmp_path, "silicon", "F d -3 m:1", 5.431, 5.431, 5.431, "Si1 Si 0 0 0")


@pytest.fixture
def titanium(tmp_path):
    return cif(
        tmp_path, "titanium", "P 63/m m c", 2.951, 2.951, 4.685, "Ti1 Ti 0.33333 0.66667 0.25",
        gamma=120,
    )  # fmt: skip


def test_a_crystal_has_its_rings(gold):
    rings = tw.phase_rings(gold)
    np.testing.assert_allclose(rings.d_spacing[:3], 0.40782 / np.sqrt([3, 4, 8]), rtol=1e-5)
    assert rings.hkl[:3].values.tolist() == [[1, 1, 1], [2, 0, 0], [2, 2, 0]]
    assert rings.multiplicity[:3].values.tolist() == [8, 6, 12]
    assert float(rings.intensity.max()) == 1
    assert rings.attrs["name"] == "gold"
    assert float(tw.phase_rings(gold, d_min=0.2).d_spacing.min()) > 0.2


def test_planes_that_are_extinct_are_left_out(silicon, titanium):
    indices = {tuple(h) for h in np.abs(tw.phase_rings(silicon).plane_hkl.values).tolist()}
    assert (1, 1, 1) in indices
    assert (2, 0, 0) not in indices
    assert (2, 2, 2) not in indices  # by the motif, not by the space group
    indices = {tuple(h) for h in tw.phase_rings(titanium).plane_hkl.values.tolist()}
    assert (0, 0, 1) not in indices
    assert {(0, 0, 2), (1, 0, 0), (0, 1, 1)} <= indices


def seen(vectors, scale=1.0, turn=0.3, lattice=0):
    c, s = np.cos(turn), np.sin(turn)
    g = np.asarray(vectors, float) @ np.array([[c, s], [-s, c]]) / scale
    found = tw.make_reflections(g)
    found["amplitude"] = ("reflection", np.linspace(2, 1, len(g)))
    found["lattice"] = ("reflection", np.broadcast_to(lattice, len(g)))
    return found


def zone_110(a):
    """Reciprocal vectors of fcc along [110]: x along 00l, y along 2-20 (1/nm)."""
    hkl = [(1, -1, 1), (1, -1, -1), (0, 0, 2), (2, -2, 0), (1, -1, 3), (2, -2, 2)]
    return [((h - k) / np.sqrt(2) / a, n / a) for h, k, n in hkl], hkl


def test_a_zone_is_indexed_by_d_and_angles(gold, silicon):
    vectors, hkl = zone_110(0.40782)
    found = tw.index_reflections(seen(vectors, scale=1.02), {"silicon": silicon, "gold": gold})
    assert found.candidate.values.tolist()[0] == "gold"
    assert int(found.candidate_matched[0]) == len(hkl)
    assert float(found.candidate_explained[0]) == pytest.approx(1)
    assert float(found.candidate_scale[0]) == pytest.approx(1.02, abs=1e-6)
    assert float(found.candidate_misfit[0]) < 1e-6
    np.testing.assert_allclose(found.residual, 0.02, atol=1e-6)
    assert set(found.phase.values) == {"gold"}
    g = found.hkl.values
    np.testing.assert_array_equal((g**2).sum(1), [sum(n**2 for n in h) for h in hkl])
    zone = np.cross(g[0], g[1])
    assert (g @ zone == 0).all()
    assert sorted(np.abs(zone // np.gcd.reduce(zone))) == [0, 1, 1]


def test_equal_rings_at_wrong_angles_are_refused(gold):
    vectors, _ = zone_110(0.40782)
    crooked = [vectors[0], (np.hypot(*vectors[0]) * 0.2, np.hypot(*vectors[0]) * 0.98)]
    found = tw.index_reflections(seen(crooked), {"gold": gold})
    assert set(found.phase.values) == {""}
    listed = tw.index_reflections(seen(crooked), {"gold": [0.2355]}, tolerance=0.01)
    assert set(listed.phase.values) == {"gold"}


def test_two_lattices_may_be_two_phases(gold, tmp_path):
    vectors, _ = zone_110(0.40782)
    others = [(4.0, 0.0), (0.0, 4.0), (4.0, 4.0)]
    both = seen(vectors + others, lattice=np.repeat([0, 1], [len(vectors), 3]))
    square = cif(tmp_path, "square", "P m -3 m", 2.5, 2.5, 2.5, "Po1 Po 0 0 0")
    found = tw.index_reflections(both, {"square": square, "gold": gold})
    assert found.phase.values.tolist() == ["gold"] * 6 + ["square"] * 3
    assert found.candidate.values.tolist() == ["gold", "square"]
    again = tw.index_reflections(found, {"gold": gold})
    assert again.candidate.values.tolist() == ["gold"]
    assert again.phase.values.tolist() == ["gold"] * 6 + [""] * 3


def test_a_list_of_spacings_and_results_in_files(tmp_path):
    found = tw.index_reflections(
        tw.make_reflections([(0, 5.0), (4.2, 0), (9.0, 0)]), {"a": [0.2, 0.24], "b": [0.5]}
    )
    assert found.phase.values.tolist() == ["a", "a", ""]
    np.testing.assert_allclose(found.d_phase, [0.2, 0.24, np.nan])
    assert np.isnan(found.candidate_scale[1])
    tw.save(tmp_path / "found.nc", found)
    assert tw.open_result(tmp_path / "found.nc").identical(found)


def test_the_grains_of_the_gold_film_are_gold(gold):
    reflections = tw.find_reflections(tw.examples.load("au_polycrystal"))
    found = tw.index_reflections(reflections, {"gold": gold, "iron": [0.2027, 0.1433, 0.117]})
    assert found.candidate.values[0] == "gold"
    assert float(found.candidate_explained[0]) > 0.9
    assert abs(float(found.candidate_scale[0]) - 1) < 0.002


def test_what_is_wrong_is_told(gold, tmp_path, monkeypatch):
    some = tw.make_reflections([(0, 5.0)])
    with pytest.raises(TypeError, match="phases is a dict from names"):
        tw.index_reflections(some, [0.2])
    with pytest.raises(ValueError, match="tolerance is a share of d"):
        tw.index_reflections(some, {"a": [0.2]}, tolerance=3)
    with pytest.raises(ValueError, match="in nm but the reflections are in px"):
        tw.index_reflections(tw.make_reflections([(0, 0.1)], units="px"), {"a": [0.2]})
    with pytest.raises(ValueError, match="path of a CIF file or a list of d-spacings"):
        tw.phase_rings([0.2, -1])
    with pytest.raises(FileNotFoundError, match="There is no file"):
        tw.phase_rings(tmp_path / "nothing.cif")
    empty = tmp_path / "empty.cif"
    empty.write_text("data_x\n_cell_length_a 4\n")
    with pytest.raises(ValueError, match="holds no crystal structure"):
        tw.phase_rings(empty)
    empty.write_text("nonsense")
    with pytest.raises(ValueError, match="is no CIF file"):
        tw.phase_rings(empty)
    with pytest.raises(ValueError, match="d_min is a length"):
        tw.phase_rings(gold, d_min=0)
    with pytest.raises(ValueError, match="Give a larger d_min"):
        tw.phase_rings(gold, d_min=0.005)
    normal = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "gemmi":
            raise ImportError(name)
        return normal(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match="pip install"):
        tw.phase_rings(gold)
