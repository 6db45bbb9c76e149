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
    "04_fourier": """
assert abs(step * 0.205 - 0.032) < 0.0005, step
assert 0.01 < rms["bin"] < 0.02 and np.abs(bins).max() > 0.03, rms
assert 12 < rms["bin"] / rms["snap"] < 20 and 0.8 < pull < 1.25, (rms, pull)
assert brightest_bin(image, click) < 0.2045 and abs(float(spot["d_spacing"][0]) - 0.2073) < 0.0004
torn = lower.isel(reflection=abs(lower["d_spacing"].values - 0.1061).argmin())
assert abs(torn["angle"] + 24.2) < 0.5 and torn["lattice"] != 0, torn
first = lower.isel(reflection=slice(2))
assert 0.014 < np.ptp(first["d_spacing"].values) / measured < 0.017, first
assert 50 < np.ptp(first["d_spacing"].values) / np.hypot(*first["d_spacing_std"].values) < 90
assert (first["d_spacing_std"] / first["d_spacing"]).max() < 0.0002, first
assert (first["family"] == 0).all() and (first["lattice"] == 0).all(), first
second = grains["upper"].isel(reflection=slice(2))
assert abs(np.ptp(second["angle"].values) - 90.9) < 0.2, second
assert abs(np.ptp(first["angle"].values) - 89.7) < 0.2, first
assert 0.02 < measured / known - 1 < 0.026, measured
assert table["reflections"].to_dict() == {"{110}": 2, "{200}": 2, "{220}": 1, "{310}": 4}, table
assert table["residual (%)"].drop("{220}").abs().max() < 0.55, table
assert -1.3 < table["residual (%)"]["{220}"] < -0.7, table
assert abs(turned - 37.4) < 0.3, turned
for found in grains.values():
    third = found.isel(reflection=abs(found["d_spacing"].values - 0.0918) < 0.0012)
    assert abs(third["angle"] + 89.7).min() < 0.5, third
parts = (slice(0.3, 2.6), slice(3.6, 6.1))
spread = [[float(p.sel(y=part).std()) for part in parts] for p in filtered]
assert spread[0][1] > 10 * spread[0][0] and spread[1][0] > 8 * spread[1][1], spread
assert tw.find_reflections(noise).sizes["reflection"] == 0
assert tw.find_reflections(through).sizes["reflection"] > 20
told = []
for size in (256, 128, 64):
    fringes, _ = tw.synthetic.fringes(
        (size, size), [(2.0, 4.5)], amplitude=5, noise=15, sampling=0.0125
    )
    found = tw.snap_reflections(fringes, [(2.0, 4.5)])
    told.append(float(found["d_spacing_std"][0] / found["d_spacing"][0]))
np.testing.assert_allclose(told, (0.0011, 0.0044, 0.021), rtol=0.2)
numbers = [tw.find_reflections(image, threshold=t).sizes["reflection"] for t in (0.01, 0.99)]
assert 24 <= numbers[1] <= numbers[0] <= 28, numbers
ring = tw.fourier_filter(image, kind="ring", k_range=(4.5, 5.2))
assert 0.5 < ring.sel(y=slice(0.3, 2.6)).std() / ring.sel(y=slice(3.6, 6.1)).std() < 1
namespace = {}
exec(workspace.script(), namespace)
np.testing.assert_array_equal(namespace["reflections"]["g"], workspace.reflections["g"])
""",
    "05_strain": """
assert ((ours - published).abs() < 0.0006).all(axis=None), ours
for axis in ("e_xx", "e_yy"):
    assert np.ptp(comparison[axis].values, axis=1).max() < 0.17, comparison
top, low, zero = (comparison.loc[name].xs("phase", level=1) for name in names)
assert abs(top["e_yy"] - 3.4) < 0.06 and abs(low["e_yy"] - 1.6) < 0.06, comparison
assert abs(top["e_xx"] - 0.67) < 0.06 and abs(low["e_xx"] - 0.27) < 0.06, comparison
assert abs(zero).max() < 0.06, comparison
assert 0.6 < table["coverage"][4] < 0.7 and 0.6 < table["coverage"][6] < 0.7, table
assert reflections.sizes["reflection"] == 4, reflections
assert abs(change - 0.03) < 1e-4 and difference < 1e-4, (change, difference)
assert float(here["e_yy"].std()) > 2 * float(here["e_yy_std"].median())
assert float(here["e_xx"].std()) > 1.3 * float(here["e_xx_std"].median())
assert float(here["e_yy"].mean("x").std()) > 4 * float(here["e_xx"].mean("x").std())
assert 0.002 < float(here["e_yy"].std()) < 0.0035
right = strain["e_xx"].sel(x=slice(16.5, 21)).mean("x")
jump = float(right.sel(y=slice(13.4, 14.6)).mean() - right.sel(y=slice(15, 16.2)).mean())
assert abs(jump) < 0.0012, jump
assert upper["columns_yy"] > 2 * upper["phase_yy"], upper
assert 1 < area < 5 and abs(at_y - 22.8) < 1 and abs(at_x - 14.9) < 0.5, (area, at_y, at_x)
assert -0.035 < float(fitted["e_xx"].where(near).median()) < -0.015
assert burgers["indices"].values.tolist() == [0, 0], burgers
assert -0.06 < squeezed < -0.035, squeezed
assert fringes.sizes["reflection"] == 2, fringes
assert all(0.8 < pull < 1.25 for pull in pulls.values()), pulls
assert np.abs(vector["burgers"].values - put_in).max() < 0.001, vector
assert vector["indices"].values.tolist() == [1, 0], vector
apart = np.hypot(beside_loop[:, 0] - core[0], beside_loop[:, 1] - core[1])
assert apart.min() > 1.5 and tw.burgers_vector(field, beside_loop)["length"] == 0
for sigma, scatter, step in ((0.35, 0.57, 0.25), (None, 0.26, 0.5), (1.5, 0.13, 1.1)):
    other = tw.geometric_phase(
        image, reflections, reference=substrate, axis_angle=direction, sigma=sigma
    )
    part = other["e_yy"].sel(y=slice(*substrate[:2]), x=slice(*substrate[2:]))
    assert abs(100 * float(part.std()) / scatter - 1) < 0.15, part.std()
    line = other["e_yy"].sel(x=slice(*substrate[2:]), y=slice(25, 28)).mean("x")
    crossing = [float(line["y"][np.argmin(abs(line.values - 0.016 * f))]) for f in (0.8, 0.2)]
    assert abs(crossing[1] - crossing[0] - step) < 0.15, crossing
    assert sigma or -0.005 < line.min() < -0.003, line.min()
turned = tw.geometric_phase(image, reflections, reference=substrate, axis_angle=direction + 45)
turned = 100 * turned.where(layers == 0).median(("y", "x"))
assert abs(turned["e_xx"] - 2.0) < 0.1 and abs(turned["e_yy"] - 2.0) < 0.1, turned
assert abs(abs(turned["e_xy"]) - 1.4) < 0.1 and abs(turned["dilatation"] - 4.0) < 0.1, turned
half = tw.geometric_phase(image, found.isel(reflection=[4, 6]), reference=substrate)
assert 0.08 < half["mask"].where(layers == 1).mean() < 0.35, half["mask"]
assert 0.015 < half["e_yy"].where(layers == 1).std() < 0.03, half["e_yy"]
assert half["mask"].where(layers != 1).where(layers >= 0).mean() > 0.99
rolled = tw.local_spacing(image, reflections, engine="windowed", window=128, stride=8)
rolled = rolled["d_spacing"].groupby(layers[::8, ::8].rename("layer")).median()
still = spacing["d_spacing"].groupby(layers.rename("layer")).median()
differs = abs(rolled / still - 1).sel(layer=[0, 1, 2])
assert (differs < 0.0012).sum() >= 11 and differs.max() < 0.004, differs
np.testing.assert_allclose(
    workspace.strain["e_yy"].median(), strain["e_yy"].median(), atol=0.0003
)
edge = strain["e_xx"].sel(y=slice(1, 14), x=slice(21.9, 22.2)).mean()
inner = strain["e_xx"].sel(y=slice(1, 14), x=slice(*substrate[2:])).mean()
assert -0.025 < edge - inner < -0.01, (edge, inner)
""",
    "06_domains": """
assert domains.sizes["domain"] == 5, domains
assert check["zone"].tolist() == ["[110]", "[110]", "[110]", "[001]", "[001]"], check
assert (abs(check["area"] / check["true area"] - 1) < 0.018).all(), check
assert (check["direction off by (deg)"].abs() < 0.02).all(), check
assert (check["overlap"] > 0.96).all(), check
assert abs(constant - 0.4078) < 0.0002, constant
assert right > 0.99 and wrong.mean() < 0.02 and distance[wrong].max() < 0.2, distance[wrong].max()
assert abs(totals.attrs["crystalline_fraction"] - (truth >= 0).mean()) < 0.005, totals
assert totals.sizes["phase"] == 1 and int(totals["count"][0]) == 5, totals
assert abs(float(image.std()) - 53) < 1
assert seen[100].sizes["domain"] == 5 and seen[320].sizes["domain"] < 5, seen
assert abs(seen[100].attrs["crystalline_fraction"] - 0.853) < 0.025
assert seen[320].attrs["crystalline_fraction"] < 0.78 and seen[320]["confidence"].min() > 0.95
assert nothing.sizes["domain"] == 0
assert workspace.domains["domain"].values.tolist() == [0, 1, 2, 3]
lost = domains.attrs["crystalline_area"] - workspace.domains.attrs["crystalline_area"]
assert abs(lost - float(domains["area"][4])) < 1e-6, lost
namespace = {}
exec(workspace.script(), namespace)
np.testing.assert_array_equal(namespace["domains"]["label"], workspace.domains["label"])
assert iron_domains.sizes["domain"] == 2, iron_domains
for number in (0, 1):
    d = np.sort(iron_domains["d_spacing"].sel(domain=number).values[:2])
    lattice = tw.fit_lattice(columns.sel(column=columns["domain"] == number))
    sides = np.sort(np.hypot(*lattice["vectors"].values.T))
    np.testing.assert_allclose(d, sides, rtol=0.004)
bright = columns["intensity"].groupby(columns["domain"]).median()
assert 1.2 < bright.sel(domain=0) / bright.sel(domain=1) < 1.5, bright
assert 30 < (columns["domain"] < 0).sum() < 90, columns["domain"]
assert abs(plain["d_spacing"][:, 0] - 0.36).max() < 0.03, plain["d_spacing"]
fractions = [layers[s].attrs["crystalline_fraction"] for s in sorted(layers)]
assert 0.005 < fractions[0] < 0.02 and fractions[-1] > 3 * fractions[0], fractions
assert abs(ring(particle) - 0.352) < 0.01 and abs(ring(support) - 0.392) < 0.012
gold = [
    tw.segment_domains(image, sensitivity=s).attrs["crystalline_fraction"] for s in (0.3, 0.7)
]
assert abs(gold[0] - 0.80) < 0.015 and abs(gold[1] - 0.87) < 0.015, gold
inner = tw.segment_domains(image, d_range=(0.22, 0.25))
assert inner.sizes["domain"] == 2 and abs(inner["area"][1] - 48.7) < 1.5, inner
film = tw.segment_domains(tw.examples.load("perovskite_trilayer"))
assert film.sizes["domain"] == 1 and film.attrs["crystalline_fraction"] > 0.98, film
""",
    "07_network": """
for dose in (0.2, 0.25):
    assert scores[dose, "network"] > scores[dose, "peaks"] + 0.01, scores
assert abs(scores[1.0, "network"] - scores[1.0, "peaks"]) < 0.03, scores
assert halves["likelier half"] > halves["other half"] + 0.03, halves
assert certain[0.2] < certain[1.0], certain
assert score_peaks < 0.8 and score_before < 0.8, (score_peaks, score_before)
assert before.attrs["certainty"] > 0.7 and not before.attrs["advice"], before.attrs
assert held_back["retrained"] > held_back["default"] + 0.08, held_back
assert score_after > max(score_before, score_peaks) + 0.1, score_after
assert again.equals(after)
assert panel.run.message.text.startswith("Trained 4 steps."), panel.run.message
assert panel.network is not None and panel.workspace.columns is not None
labels.pairs = pairs[:2]
assert len(following.pairs) == 2
known = tw.find_columns(monolayer(1.0)[0], method="network", network=network)
assert scored(known, monolayer(1.0)[1]) > 0.9
alone = tw.networks.train(train[:1], start="default", steps=60)
assert float(tw.networks.score_pairs(alone, test)["f1"]) > held_back["default"] + 0.03
""",
    "08_gaussian_fit": """
assert abs(chi2_best - 571) < 3 * 34 and abs(best[2] - 11.7) < 0.2, (chi2_best, best)
assert scatter["likelihood"] < scatter["least squares"] < scatter["weighted by counts"], scatter
assert abs(level["likelihood"] - 2.4) < 0.05 and abs(level["weighted by counts"] - 1.6) < 0.1, level
assert [round(row[1], 2) for row in rows] == [0.62, 0.33, 0.16, 0.07, 0.03], rows
assert max(abs(row[2]) for row in rows) < 0.001, rows
assert all(0.93 < pull < 1.1 for pull in pulls.values()), pulls
assert 0.63 < share < 0.72, share
ratio = table["fitted, scatter"] / table["bound with background"]
assert (abs(ratio - 1) < 0.1).all(), ratio
assert (abs(table["fitted, error told"] / table["bound with background"] - 1) < 0.09).all(), table
assert abs(bound(5000) - 0.0074) < 1e-4 and abs(bound(50) / bound(5000) - 10) < 1e-3
assert abs(misfit - 5.3) < 0.2 and abs(np.mean(list(volumes.values())) - 0.83) < 0.01
assert abs(slopes["constant"][0] - 0.38) < 0.05 and slopes["constant"][2] > 1, slopes
assert abs(slopes["smooth"][0]) < 0.005 and slopes["smooth"][2] < 0.01, slopes
assert abs(bound(110) - 0.05) < 5e-4
assert abs(bound(50 * 0.51, sigma=3.5, background=0.1 / 0.51) - 0.117) < 0.002
photos, true = neighbours(9, dose=40, cells=(14, 15), seed=3)
start = true[["y", "x", "sublattice"]]
shared = tw.fit_columns(photos, start, shape="shared", background="constant")
plain = tw.fit_columns(photos, true[["y", "x"]], shape="round", background="constant")
faint = true["sublattice"].values == 0
kinds = ("x_std", "amplitude_std")
ratio = {k: np.median(shared[k][faint]) / np.median(plain[k][faint]) for k in kinds}
assert abs(ratio["x_std"] - 0.95) < 0.03 and abs(ratio["amplitude_std"] - 0.69) < 0.04, ratio
""",
    "09_strain_three_ways": """
assert abs(film_d - 0.412) < 0.0005, film_d
film = table["film (%)"]
assert abs(film["columns"] - 3) < 0.03 and abs(film["phase"] - 3.15) < 0.03, table
assert abs(table.loc["phase"] - table.loc["local spacing"]).max() < 1e-3, table
assert table["width (nm)"]["columns"] < 0.7 * table["width (nm)"]["phase"], table
assert (table["scatter (%)"] < 0.12).all(), table
radii = windows.loc["columns"]
assert 0.4 < radii["scatter (%)"].iloc[2] / radii["scatter (%)"].iloc[1] < 0.7, windows
assert 1.3 < radii["width (nm)"].iloc[2] / radii["width (nm)"].iloc[1] < 1.7, windows
assert abs(windows.loc["phase"]["film (%)"].iloc[2] - 3.16) < 0.03, windows
outer = edge["phase"]["scatter"]
assert 0.1 > outer[0] > 1.8 * outer[3], edge
assert 1.2 < edge["of_columns"]["scatter"][0] / edge["of_columns"]["scatter"][1] < 2, edge
assert (defects.loc["elsewhere"] < 0.13).all() and (defects.iloc[0] > 3).all(), defects
assert defects["columns"].iloc[1] > 2 * defects["phase"].iloc[1], defects
hole, rim = defects.loc["beside the vacancy"], defects.loc["in the outer 0.6 nm"]
assert hole["columns"] < 0.7 * hole["phase"], defects
assert rim["phase"] > 1 > 5 * rim["columns"], defects
assert abs(blur["scatter (%)"]["columns"] - 2) < 0.3 and blur["scatter (%)"]["phase"] < 0.2, blur
assert seen.sizes["column"] == 225, seen.sizes
assert (abs(result["upper film (%)"] - 1.72) < 0.03).all(), result
assert (result["scatter below"] > 2.5 * table["scatter (%)"]).all(), result
wrong = tw.geometric_phase(image, reflections, reference=(1.0, 2.4, 0.8, 5.2))
below = 100 * float(wrong["e_yy"].sel(y=slice(4.0, 6.0), x=slice(0.8, 5.2)).mean())
assert abs(below + 3.07) < 0.02, below
faint, _ = crystal(dose=10)
drawn = tw.strain_map(by_columns(faint, REFERENCE), faint, variables=["e_yy"])
assert abs(measure(drawn["e_yy"])[1] - 0.34) < 0.06
narrow = tw.geometric_phase(blurred, reflections, reference=REFERENCE, sigma=0.4)
assert abs(measure(narrow["e_yy"])[1] - 0.94) < 0.15
""",
    "10_movie": """
assert off.std() < 0.0013 and abs(told - 0.0007) < 0.0003, (off.std(), told)
assert abs(np.hypot(*PATH[-1]) - 0.229) < 0.0005
assert widths["as recorded"][0] > 0.12 and np.abs(np.array(widths["aligned"]) - 0.064).max() < 0.002
assert columns.sizes["column"] == 64 and abs(error - 2.2) < 0.15 and abs(wander - 3.5) < 0.2
diffusing, vibrating = msd["diffusing"], msd["vibrating"]
assert abs(1e6 * diffusing["diffusion"] - 4) < 2.5 * 1e6 * diffusing["diffusion_std"], diffusing
assert abs(1e6 * diffusing["diffusion"] - 3.4) < 0.2 and abs(1e6 * diffusing["offset"]) < 4
assert abs(1e6 * vibrating["offset"] - 36) < 4, vibrating
assert vibrating["diffusion_std"] > 0.8 * vibrating["diffusion"] > 2e-6, vibrating
assert in_list == put_in == {"hop": 9, "vacancy": 9}, (in_list, put_in)
assert abs(step - 64) < 2.5 * step_error and abs(slope) < 2 * slope_error < 1, (step, slope)
assert len(measured) == 12 and not measured.failed and abs(d.mean() - 0.32) < 0.0005
assert 0.0004 < d.std(axis=0).mean() < 0.001, d
assert (last["intensity"] < 0.3).sum() == 1, last["intensity"]
places = []
for picture in (tw.mean_frame(aligned.isel(frame=slice(0, 3))), sharp):
    found = tw.find_columns(picture, separation=0.25)
    places.append(1000 * float(tw.fit_columns(picture, found, shape="shared")["x_std"].median()))
assert abs(places[0] - 1.25) < 0.05 and abs(places[1] - 0.63) < 0.03, places
for hop, number in ((0.006, 1), (0.012, 2)):
    other, _ = movie(vibration=0.003, vacancies=1, hops=1, hop=hop)
    shift = tw.measure_drift(other, reference=0)
    ways = tw.drift_free(tw.fit_frames(other, tw.fit_mean(other, shift), drift=shift))
    assert tw.column_events(ways).sizes["event"] == number, hop
timed = tw.mean_square_displacement(walks, lags=3, frame_time=0.5)
assert abs(1e6 * timed["diffusion"] - 6.8) < 0.4 and abs(1e6 * timed["diffusion_std"] - 0.7) < 0.1
assert timed["diffusion"].attrs["units"] == "nm²/s"
""",
    "11_clicks_to_script": """
assert same and not without and "sublattice" in workspace.columns
assert "step 5, delete_columns" in reason, reason
assert done.returncode == 1 and done.stderr.count("cannot be read") == 1, done
assert table["n_columns"].tolist()[:6] == [313, 314, 314, 314, 314, 314], table["n_columns"]
assert abs(table["a"][:6] - 0.39).max() < 0.0006 and abs(table["reduced_chi2"][:6] - 1).max() < 0.03
ratio = table["intensity_median"].iloc[5] / table["intensity_median"].iloc[0]
assert abs(ratio - 25) < 1, ratio
assert np.ptp(bright) / np.mean(bright) < 0.06 and 4.3 < error[0] / error[-1] < 5.7, (bright, error)
assert written == ["notes"] and more.sizes["image"] == 7 and (more["status"] == "done").all(), more
workspace.run(tw.delete_columns, labels=[odd], wait=True)
left = workspace.recipe(leave_out=True)
words = "# Left out, for it cannot be repeated on other images: step 7, delete_columns (done by"
assert words in left, left
assert [line for line in left.splitlines() if line[0] != "#"] == recipe.splitlines()[1:], left
takes = "takes: [image, columns]"
Path("shared.yaml").write_text(recipe.replace(takes, takes + "\\n  options: {shape: shared}"))
kept = tw.run_recipe("shared.yaml", tw.read(folder / "dose_010.nc"))["columns"]
assert abs(float(kept["x_std"].median()) - error[0]) < 0.0003, kept["x_std"]
fall = float(kept["intensity_std"].median() / parts[0]["intensity_std"].median())
assert abs(fall - 0.70) < 0.05, fall
Path("bad.yaml").write_text(recipe.replace(takes, takes + "\\n  options: {shap: shared}"))
try:
    tw.read_recipe("bad.yaml")
except ValueError as refused:
    reason = str(refused)
expected = "Step 2 of bad.yaml, fit_columns, has 'shap', which means nothing. Did you mean 'shape'?"
assert reason == expected, reason
last = tw.run_files("lattice", folder / "dose_080.nc", "lattice")
assert np.isfinite(last["displacement_median"]).all(), last
assert np.isnan(more["displacement_median"]).all(), more
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
