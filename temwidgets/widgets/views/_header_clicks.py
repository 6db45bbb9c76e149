"""Tells Python which heading of the table beside it was clicked."""

from __future__ import annotations

import anywidget

_ESM = """
function render({ model, el }) {
  let root = null;
  const clicked = (event) => {
    const heading = event.target.closest?.("thead th");
    if (!heading || (event.type === "keydown" && event.key !== "Enter")) return;
    model.send({ kind: "sort", index: heading.cellIndex });
  };
  const timer = setTimeout(() => {
    root = el.closest(".temwidgets-view");
    for (const type of ["click", "keydown"]) root?.addEventListener(type, clicked);
  });
  return () => {
    clearTimeout(timer);
    for (const type of ["click", "keydown"]) root?.removeEventListener(type, clicked);
  };
}
export default { render };
"""


class HeaderClicks(anywidget.AnyWidget):
    """An invisible widget; put it into the same view as the table."""

    _esm = _ESM
