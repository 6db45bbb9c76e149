"""Says to screen readers what the bqplot figure beside it shows."""

from __future__ import annotations

import anywidget
import traitlets

_ESM = """
function render({ model, el }) {
  let timer = null;
  const name = (tries) => {
    clearTimeout(timer);
    const figure = el.closest(".temwidgets-view")?.querySelector(".bqplot");
    if (figure) {
      figure.setAttribute("role", "img");
      figure.setAttribute("aria-label", model.get("text"));
    } else if (tries > 0) timer = setTimeout(() => name(tries - 1), 100);
  };
  const renew = () => {
    name(0);
    // another figure may be about to take the place of this one
    timer = setTimeout(() => name(50), 400);
  };
  timer = setTimeout(() => name(50));
  model.on("change:text", renew);
  return () => {
    clearTimeout(timer);
    model.off("change:text", renew);
  };
}
export default { render };
"""


class FigureLabel(anywidget.AnyWidget):
    """An invisible widget; put it into the same view as the figure."""

    _esm = _ESM
    text = traitlets.Unicode("").tag(sync=True)

    def __init__(self) -> None:
        super().__init__()
        self.layout.display = "none"
