"""Give sublattices names and chemical elements, which legends, tables and exports then use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from temwidgets.conventions import check_columns
from temwidgets.conventions.elements import SYMBOLS, sublattice_elements, sublattice_names

Texts = Sequence[str] | Mapping[int | str, str]


def name_sublattices(
    columns: xr.Dataset, names: Texts | None = None, *, elements: Texts | None = None
) -> xr.Dataset:
    """Name the sublattices, and say which element they are.

    Parameters
    ----------
    columns : Dataset, (column,)
        With `sublattice`, as from `label_sublattices` or `cluster_columns`; not changed.
    names : sequence or mapping of str, optional
        In order of sublattice number, e.g. ("A site", "B site"), or by number, {1: "B site"}, which
        leaves the others as they are. "" takes a name away.
    elements : sequence or mapping of str, optional
        Chemical symbols, in order or by number or name of the sublattice, e.g. {"A site": "Sr"}.
        A sublattice without one has the element that its name is the symbol of, if any.

    Returns
    -------
    Dataset, (column,)
        With the lists ``columns["sublattice"].attrs["names"]`` and, where an element is known,
        ``attrs["elements"]``, one text for each sublattice number. They stay with the columns when
        these are fitted, edited, selected or saved; sorting into sublattices anew drops them.

    Raises
    ------
    ValueError
        If columns have no sublattice, names or elements do not fit the sublattices, two sublattices
        get the same name, or an element is no chemical symbol.
    """
    check_columns(columns, needs=())
    if "sublattice" not in columns:
        raise ValueError(
            "The columns have no sublattice to name. Tell sublattices apart first with"
            " temwidgets.label_sublattices, temwidgets.cluster_columns or"
            " temwidgets.set_sublattice."
        )
    old = sublattice_names(columns)
    numbers = columns["sublattice"].values.astype(int)
    count = max([int(numbers.max(initial=-1)) + 1, len(old)])
    called = _texts(names, old, count, "names", {})
    repeated = {name for name in called if name and called.count(name) > 1}
    if repeated:
        raise ValueError(
            f"Two sublattices would be called {repeated.pop()!r}. Give each a name of its own; two"
            " sublattices may have the same element, though."
        )
    by_name = {name: number for number, name in enumerate(called) if name}
    symbols = _elements(columns, elements, called, old, by_name)
    attrs: dict[str, Any] = {
        key: value
        for key, value in columns["sublattice"].attrs.items()
        if key not in ("names", "elements")
    }
    attrs |= {"names": called} if any(called) else {}
    attrs |= {"elements": symbols} if any(symbols) else {}
    named = columns["sublattice"].copy(data=numbers)
    named.attrs = attrs
    return columns.assign(sublattice=named)


def _elements(
    columns: xr.Dataset,
    given: Texts | None,
    names: list[str],
    old_names: list[str],
    by_name: Mapping[str, int],
) -> list[str]:
    """Return the symbols; a new name that is a symbol replaces the element of the old name."""
    old = sublattice_elements(columns)
    old += [""] * (len(names) - len(old))
    old_names = old_names + [""] * (len(names) - len(old_names))
    kept = [
        name if name in SYMBOLS and name != before else symbol
        for name, before, symbol in zip(names, old_names, old, strict=True)
    ]
    symbols = _texts(given, kept, len(names), "elements", by_name)
    wrong = [symbol for symbol in symbols if symbol and symbol not in SYMBOLS]
    if wrong:
        raise ValueError(
            f"{wrong[0]!r} is no chemical symbol. elements are symbols such as 'Sr' or 'Ti', one"
            " for each sublattice; names may be any text."
        )
    return symbols


def _texts(
    given: Texts | None, old: list[str], count: int, what: str, by_name: Mapping[str, int]
) -> list[str]:
    texts = old + [""] * (count - len(old))
    if given is None:
        return texts
    if isinstance(given, Mapping):
        for key, text in given.items():
            texts[_number(key, count, by_name, what)] = str(text)
        return texts
    if isinstance(given, str):
        raise ValueError(f'{what} is a list of texts, such as ["Sr", "Ti"], but {given!r} came.')
    if len(given) != count:
        raise ValueError(
            f"{len(given)} {what} came, but there are {count} sublattices (0 to {count - 1})."
            f" Give one for each, or those wanted by number: {what}={{0: ...}}."
        )
    return [str(text) for text in given]


def _number(key: int | str, count: int, by_name: Mapping[str, int], what: str) -> int:
    number = by_name.get(key, -1) if isinstance(key, str) else key
    if not isinstance(number, int | np.integer) or not 0 <= number < count:
        known = [*range(count), *by_name]
        raise ValueError(
            f"{what} names sublattice {key!r}, which there is not. There are"
            f" {', '.join(map(str, known)) or 'none'}."
        )
    return int(number)
