"""The shipped notebooks are stored without outputs, run from top to bottom, and tell the truth."""

from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
client = pytest.importorskip("nbclient")

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
pytestmark = pytest.mark.notebook

# What each notebook claims in its text, checked in its own kernel after its last cell.
CLAIMS = {
    "01_tour": """
upper, lower = levels["mean"]["upper"], levels["mean"]["lower"]
assert 4 < upper["A"] / upper["B"] < 6, upper
assert 1.1 < lower["A"] / lower["B"] < 1.35, lower
assert upper["A"] > 1.4 * lower["A"], levels
assert lower["A"] - lower["B"] > 10 * levels["sem"]["lower"].max(), levels
assert 1 <= len(between) <= 3, near
assert abs(between["depth"] - interface).max() < 0.6, between
ruler = planes[planes["layer"] != "interface"].groupby("layer")["depth"].agg(
    lambda depth: depth.diff().mean()
)
assert abs(2 * ruler["upper"] - 0.4035) < 0.001, ruler
assert abs(2 * ruler["lower"] - 0.3966) < 0.001, ruler
other = tw.voronoi_intensity(image, columns, background="fitted")
other = other[["amplitude", "voronoi_intensity", "plane", "site"]].to_dataframe()
other["layer"] = other["plane"].map(planes["layer"])
other = other.groupby(["layer", "site", "plane"]).mean().groupby(["layer", "site"]).mean()
other = other.loc["upper", 0] / other.loc["upper", 1]
assert 3.8 < other["amplitude"] < upper["A"] / upper["B"] < 4.3, other
assert 3.5 < other["voronoi_intensity"] < 3.8, other
assert selection.mask(columns).sum() == len(chosen) > 40
namespace = {}
exec(workspace.script(), namespace)
np.testing.assert_array_equal(namespace["columns"]["intensity"], workspace.columns["intensity"])
""",
    "02_displacement": """
assert 1.055 < b / a < 1.07, b / a
assert abs((best - truth) / error).max() < 3, (best, error)
assert error[0] < 3, error
assert error[3] < 0.25, error
assert 0.3 < chi2 / (x.size - best.size) < 2, chi2
assert 40 < len(selection) < 60, selection
assert abs(float(up["direction"]) + 90) < 15, up
site = tw.displacements(columns, lattice, reference="lattice", of="Ti")
ideal = tw.profile(site, "displacement_y", lattice, along="a", of="Ti")["mean"].values
assert 0.025 < np.sort(ideal)[-4:].mean() - np.sort(ideal)[:4].mean() < 0.04, ideal
strain = tw.profile(tw.column_strain(columns, lattice), "e_yy", lattice, along="a", of="Pb")
assert abs(strain["mean"]).max() < 0.0015, strain
real = tw.examples.load("perovskite_trilayer")
found = tw.label_sublattices(tw.fit_columns(real, tw.find_columns(real)))
frame = tw.fit_lattice(found)
found = tw.displacements(tw.index_columns(found, frame), frame, reference="neighbours")
rows = tw.profile(found, "displacement_y", frame, along="b")
above, below = rows["position"] < 14, rows["position"] > 15
assert -0.011 < rows["mean"][above].mean() < -0.007, rows
assert 0.0005 < rows["mean"][below].mean() < 0.003, rows
""",
    "03_occupancy": """
assert abs(spread["ordered"] / spread["control"] - 1) < 0.03, spread
assert set(peaks.values()) == {1}, peaks
peak = spectra["ordered"].isel(peak=0)
assert peak["p_value"] < 1e-15, peak
assert abs(peak["peak_q_a"] - 0.5) < 0.002, peak
assert abs(peak["peak_q_b"]) < 0.002, peak
assert spectra["control"]["p_value"][0] > 0.05, spectra["control"]
assert faint["p_value"][0] > 0.05, faint
assert min(shuffled) > 0.001, shuffled
assert order.modulation == "intensity_modulation", order.message
assert "order" in order.image_view.maps
assert abs(contrast - 0.1 / 0.95) < 2.5 * contrast_error, contrast
assert 0.65 < abs(tests["effect_size"][0]) < 0.9, tests
assert tests["p_adjusted"][1] > 0.05, tests
assert "so that the two groups overlap" in panel.words.value, workspace.message
assert counted["atoms"].values.tolist() == [3, 4, 5, 6, 7], counted["atoms"]
assert right > 0.99, right
assert len(weak) == 18, weak
assert 10 <= hits <= 14, hits
assert len(false) <= 3, false
assert found.sizes["missing"] == 12, found.sizes
more = tw.find_vacancies(found, lattice, fdr=0.2)
more = more["column"].values[more["vacancy_candidate"].values]
assert np.isin(weak, more).sum() >= hits + 2, more
odds = []
for rows in ((0.975, 0.925), (0.965, 0.935)):
    weaker = measure(crystal(rows, 0.131, seed=3))
    weaker = tw.index_columns(weaker, tw.fit_lattice(weaker))
    odds.append(float(tw.order_spectrum(weaker, site=0)["p_value"][0]))
assert odds[0] < 0.002 < 0.1 < odds[1], odds
middle = A["ordered"][["y", "x"]] - A["ordered"][["y", "x"]].mean()
nearest = np.argsort(np.hypot(middle["y"], middle["x"]).values)
for number, low, high in ((400, 0, 1e-7), (200, 0.001, 0.2)):
    part = tw.order_spectrum(A["ordered"].isel(column=nearest[:number]), trend=2)
    assert low <= part["p_value"][0] < high, part
wave = tw.correlation(A["ordered"], "intensity")["correlation"].sel(offset_b=0)
assert (np.sign(wave.sel(offset_a=[1, 2, 3, 4]).values) == [-1, 1, -1, 1]).all(), wave
""",
}


def run(notebook, folder):
    """Execute a notebook in a folder of its own."""
    kernel = client.NotebookClient(
        notebook, timeout=240, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    )
    kernel.execute()


def test_there_are_notebooks():
    assert {path.stem for path in NOTEBOOKS} == set(CLAIMS)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_without_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_its_findings_hold(path, tmp_path):
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(CLAIMS[path.stem]))
    run(notebook, tmp_path)
    printed = [
        output.text
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if output.output_type == "stream" and output.name == "stderr"
    ]
    assert printed == []
