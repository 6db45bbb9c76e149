"""Tells Python where the plot area of the bqplot figure beside it was clicked."""

from __future__ import annotations

import anywidget
import traitlets

_ESM = """
function render({ model, el }) {
  let root = null;
  let start = null;
  const area = (event) => event.target.closest?.(".bqplot")?.querySelector(".plotarea_events");
  const down = (event) => { start = area(event) ? [event.clientX, event.clientY] : null; };
  const up = (event) => {
    const plot = area(event);
    const near = start && Math.hypot(event.clientX - start[0], event.clientY - start[1]) < 4;
    start = null;
    if (!plot || !near) return;
    const box = plot.getBoundingClientRect();
    const share = model.get("axis") === "y"
      ? (event.clientY - box.top) / box.height
      : (event.clientX - box.left) / box.width;
    // bqplot first clears its brush
    if (share >= 0 && share <= 1) setTimeout(() => model.send({ kind: "click", share }), 30);
  };
  let timer = null;
  const find = (tries) => {
    root = el.closest(".temwidgets-view");
    root?.addEventListener("pointerdown", down, true);
    root?.addEventListener("pointerup", up, true);
    if (!root && tries > 0) timer = setTimeout(() => find(tries - 1), 100);
  };
  timer = setTimeout(() => find(50));
  return () => {
    clearTimeout(timer);
    root?.removeEventListener("pointerdown", down, true);
    root?.removeEventListener("pointerup", up, true);
  };
}
export default { render };
"""


class FigureClicks(anywidget.AnyWidget):
    """An invisible widget; put it into the same view as the figure.

    `axis` is that along which it tells where: "x" from the left, or "y" from the top.
    """

    _esm = _ESM
    axis = traitlets.Unicode("x").tag(sync=True)

    def __init__(self, axis: str = "x") -> None:
        super().__init__(axis=axis)
        self.layout.display = "none"
