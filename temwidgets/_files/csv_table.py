"""Columns as CSV: a line each, units in brackets in the first line; and the tables of others."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import xarray as xr

from temwidgets._files.found import UnreadableError
from temwidgets._files.parts import ELEMENT, LABEL, NAME, Part, parts_of

_UNIT = re.compile(r"^(.*?)\s*[(\[]\s*([^()\[\]]*?)\s*[)\]]$")
_SUFFIX = re.compile(r"^(.+?)_(nm|pm|px|pix|pixels?)$", re.IGNORECASE)
_WHOLE = re.compile(r"^[+-]?\d{1,18}$")
_MISSING = ("", "-", "na", "n/a", "nan", "none", "null")
_TEXTS = (NAME, ELEMENT)


def write_csv(path: Path, columns: xr.Dataset) -> None:
    """Write columns with a header of names and units; NaN is an empty field."""
    parts = parts_of(columns)
    head = [f"{part.name} ({part.units})" if _tells(part) else part.name for part in parts]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(zip(*(_texts(part.values) for part in parts), strict=True))


def _tells(part: Part) -> bool:
    return part.units not in ("", "1")


def _texts(values: np.ndarray) -> list[str]:
    if values.dtype.kind != "f":
        return [str(value) for value in values.tolist()]
    # repr of a float is the shortest text that reads back as the same number
    return ["" if value != value else repr(value) for value in values.astype(float).tolist()]


def read_table(path: Path) -> list[Part]:
    """Read a table of numbers: comma, semicolon, tab or blank between.

    Without a header the parts are called "0", "1", ...; texts and what has no name are left out.

    Raises
    ------
    UnreadableError
        If it holds no table, or lines differ in length.
    """
    lines = [line for line in _text(path).splitlines() if line.strip()]
    remarks = [line for line in lines if line.lstrip().startswith("#")]
    rows, comma = _rows([line for line in lines if not line.lstrip().startswith("#")])
    if rows and remarks and all(_is_number(text, comma) for text in rows[0]):
        # numpy.savetxt puts the header into a remark
        head, _ = _rows([remarks[-1].lstrip("# ")])
        rows = head + rows if head and len(head[0]) == len(rows[0]) else rows
    if not rows:
        raise UnreadableError(f"{path.name} holds no table of columns.")
    if all(_is_number(text, comma) for text in rows[0]):
        rows.insert(0, [str(number) for number in range(len(rows[0]))])
    names, body = rows[0], rows[1:]
    for number, row in enumerate(body, start=1):
        if len(row) != len(names):
            raise UnreadableError(
                f"Row {number} of {path.name} has {len(row)} fields, but its header has"
                f" {len(names)}. Correct that row, or save the table as CSV again."
            )
    found = [_part(text, [row[k] for row in body], comma) for k, text in enumerate(names)]
    kept = [part for part in found if part.name and _is_used(part)]
    called = [part.name for part in kept]
    repeated = sorted({name for name in called if called.count(name) > 1})
    if repeated:
        raise UnreadableError(f"Several columns of {path.name} are called {repeated[0]!r}.")
    return kept


def _text(path: Path) -> str:
    raw = path.read_bytes()
    try:
        return raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _rows(lines: list[str]) -> tuple[list[list[str]], bool]:
    """Split lines into fields, and tell whether the decimal sign is a comma."""
    if not lines:
        return [], False
    delimiter = next((sign for sign in ("\t", ";", ",") if sign in lines[0]), None)
    if delimiter is None:
        return [line.split() for line in lines], False
    rows = [[text.strip() for text in row] for row in csv.reader(lines, delimiter=delimiter)]
    return rows, delimiter != ","


def _part(head: str, texts: list[str], comma: bool) -> Part:
    name, units = head.strip(), ""
    match = _UNIT.match(name) or _SUFFIX.match(name)
    if match and match[1]:
        name, units = match[1].strip(), match[2]
    return Part(name, units, _values(name, texts, comma))


def _values(name: str, texts: list[str], comma: bool) -> np.ndarray:
    if name.casefold() in _TEXTS or not all(_is_number(t, comma) or _is_missing(t) for t in texts):
        if texts and all(text in ("True", "False") for text in texts):
            return np.array([text == "True" for text in texts])
        return np.array(texts, object)
    if texts and all(_WHOLE.match(text) for text in texts):
        return np.array([int(text) for text in texts], np.int64)
    return np.array([np.nan if _is_missing(t) else _number(t, comma) for t in texts], float)


def _is_used(part: Part) -> bool:
    return part.values.dtype.kind in "fiub" or part.name in (LABEL, *_TEXTS)


def _is_missing(text: str) -> bool:
    return text.casefold() in _MISSING


def _number(text: str, comma: bool) -> float:
    return float(text.replace(",", ".") if comma else text)


def _is_number(text: str, comma: bool) -> bool:
    try:
        _number(text, comma)
    except ValueError:
        return False
    return True
