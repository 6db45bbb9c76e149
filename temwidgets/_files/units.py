"""Units as microscope files spell them: lengths become nm, the rest is told apart."""

from __future__ import annotations

import re
import unicodedata

# spellings after _plain(); "Å" and "A" both stand for the angstrom in microscope files
_NM = {
    1e9: ("m", "meter", "meters", "metre", "metres"),
    1e7: ("cm", "centimeter", "centimeters"),
    1e6: ("mm", "millimeter", "millimeters", "millimetre"),
    1e3: ("um", "µm", "micron", "microns", "micrometer", "micrometers", "micrometre"),
    1.0: ("nm", "n_m", "nanometer", "nanometers", "nanometre", "nanometres"),
    0.1: ("a", "å", "ang", "angstrom", "angstroms", "ångström"),
    1e-3: ("pm", "p_m", "picometer", "picometers", "picometre"),
}
_LENGTHS = {
    unicodedata.normalize("NFKC", name).casefold(): factor
    for factor, names in _NM.items()
    for name in (*names, *(f"{n[0]}_{n[1]}" for n in names if len(n) == 2))
}
_RECIPROCAL = re.compile(r"1\s*/|\^?[-−]1$|⁻¹$|^m?rad$|^deg|°$")
_ENERGY = re.compile(r"^[km]?ev$")


def _plain(units: object) -> str:
    return str(units or "").replace("\\u00B5", "µ").strip(" []")


def nm_per(units: object) -> float | None:
    """Return the nm in one of `units`; None when it is not a length, or there is no unit."""
    return _LENGTHS.get(unicodedata.normalize("NFKC", _plain(units)).casefold())


def is_reciprocal(units: object) -> bool:
    """Tell 1/nm and its spellings, and scattering angles, from lengths."""
    return bool(_RECIPROCAL.search(_plain(units).casefold()))


def is_energy(units: object) -> bool:
    """Tell eV and keV, the axis of a spectrum."""
    return bool(_ENERGY.match(_plain(units).casefold()))
