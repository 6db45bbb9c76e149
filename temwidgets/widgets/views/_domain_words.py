"""What is said of domains: rows of the table, totals, names of their quantities."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

import temwidgets as tw
from temwidgets.analysis.fourier.domain_maps import QUANTITIES, domain_quantity
from temwidgets.conventions import length_unit
from temwidgets.widgets.views._variables import significant

_SMALL = 0.05
"""A smaller crystalline share of the image is worth a word."""
NAMES = {
    "area": "Area",
    "diameter": "Diameter",
    "d_spacing": "d-spacing",
    "orientation": "Orientation",
    "confidence": "Confidence",
}


def title(domains: xr.Dataset, name: str) -> str:
    """Return a quantity's name and unit, e.g. "Area (nm²)"."""
    units = str(domain_quantity(domains, name).attrs.get("units", "1"))
    shown = {"1": "", "deg": " (°)"}.get(units, f" ({units.replace('^2', '²')})")
    return NAMES[name] + shown


def rows(domains: xr.Dataset) -> pd.DataFrame:
    """Return one row for each domain, its label as index, all its d-spacings in words."""
    digits = {"area": 4, "diameter": 4, "orientation": 4, "confidence": 3}
    data: dict[str, list] = {}
    for name in QUANTITIES:
        if name == "d_spacing":
            units = length_unit(domains)
            data[f"d ({units})"] = [_spacings(one) for one in domains["d_spacing"].values]
            continue
        values = domain_quantity(domains, name).values
        data[title(domains, name)] = [significant(float(v), digits[name]) for v in values]
    return pd.DataFrame(data, index=pd.Index(domains["domain"].values, name="domain"))


def _spacings(values: np.ndarray) -> str:
    return ", ".join(f"{d:.4f}" for d in values[np.isfinite(values)])


def totals(domains: xr.Dataset) -> str:
    """Say how much of the image is crystalline, or that nothing is."""
    count = domains.sizes["domain"]
    if not count:
        return str(domains.attrs.get("note") or "No crystal found.")
    units = length_unit(domains)
    area, whole = (float(domains.attrs[f"{n}_area"]) for n in ("crystalline", "total"))
    return (
        f"{count} domain{'s' if count > 1 else ''}, {area:.4g} {units}² of {whole:.4g} {units}²"
        f" crystalline ({area / whole:.1%})"
    )


def advice(domains: xr.Dataset) -> str:
    """Say, as HTML, what to do where hardly anything is crystalline; "" where enough is."""
    fraction = float(domains.attrs["crystalline_area"]) / float(domains.attrs["total_area"])
    if fraction >= _SMALL or not domains.sizes["domain"]:  # that there is none is said already
        return ""
    return (
        f'<div class="tem-warning">Only {fraction:.1%} of the image is crystalline by these'
        " settings. Where fringes are curved or short, raise the sensitivity or look at the spacing"
        " map instead.</div>"
    )


def group_table(domains: xr.Dataset) -> str:
    """Write the areas of the phases, told by their d-spacings, as an HTML table; "" for one."""
    phases = tw.domain_totals(domains)
    if phases.sizes["phase"] < 2:
        return ""
    units = length_unit(domains)
    titles = (f"d ({units})", "Domains", f"Area ({units}²)", "Share of the crystal")
    head = "".join(f"<th>{title}</th>" for title in titles)
    body = "".join(
        f"<tr><td>{_spacings(one['d_spacing'].values)}</td><td>{int(one['count'])}</td>"
        f"<td>{float(one['area']):.4g}</td><td>{float(one['fraction']):.1%}</td></tr>"
        for one in (phases.isel(phase=n) for n in range(phases.sizes["phase"]))
    )
    return f'<table class="tem-table"><tr>{head}</tr>{body}</table>'


def chosen_text(domains: xr.Dataset, chosen: tuple[int, ...]) -> str:
    """Say what is chosen, e.g. "Domain 3: 41.2 nm², d 0.2355, 0.2039 nm, 12.3°"."""
    if not chosen:
        return "Click a domain in the image, the table or the histogram to choose it."
    units = length_unit(domains)
    if len(chosen) > 1:
        area = float(domains["area"].sel(domain=list(chosen)).sum())
        return f"{len(chosen)} domains, {area:.4g} {units}² together"
    one = domains.sel(domain=chosen[0])
    return (
        f"Domain {chosen[0]}: {float(one['area']):.4g} {units}²,"
        f" d {_spacings(one['d_spacing'].values)} {units}, {float(one['orientation']):.1f}°"
    )
