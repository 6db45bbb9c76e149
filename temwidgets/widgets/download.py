"""A button whose file the browser saves, without a trip through the server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

from temwidgets.widgets.errors import guarded

_ESM = """
function render({ model, el }) {
  const button = document.createElement("button");
  button.className = "jupyter-button tem-button";
  const label = () => {
    button.textContent = model.get("description");
    button.title = model.get("tooltip");
    button.disabled = model.get("disabled");
  };
  label();
  model.on("change:description change:tooltip change:disabled", label);
  button.addEventListener("click", () => model.send({ kind: "click" }));
  const save = (message, buffers) => {
    if (message.kind !== "file") return;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([buffers[0]], { type: message.mime }));
    link.download = message.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  };
  model.on("msg:custom", save);
  el.append(button);
  return () => { model.off("msg:custom", save); model.off(null, label); };
}
export default { render };
"""


class DownloadButton(anywidget.AnyWidget):
    """A button that asks `make` for (file name, text or bytes) and lets the browser save it."""

    _esm = _ESM
    description = traitlets.Unicode("CSV").tag(sync=True)
    tooltip = traitlets.Unicode("").tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)
    message = traitlets.Unicode("")

    def __init__(
        self,
        make: Callable[[], tuple[str, str | bytes]],
        *,
        description: str = "CSV",
        tooltip: str = "",
        mime: str = "text/csv",
        on_error: Callable[[BaseException], None] | None = None,
    ) -> None:
        super().__init__(description=description, tooltip=tooltip)
        self._make, self._mime, self._on_error = make, mime, on_error
        self.on_msg(self._clicked)

    def show_error(self, error: BaseException) -> None:
        """Hand the error to the view the button belongs to."""
        if self._on_error is not None:
            self._on_error(error)

    @guarded
    def _clicked(self, _: object, content: dict, buffers: object) -> None:
        if content.get("kind") == "click":
            name, made = self._make()
            data = made.encode() if isinstance(made, str) else made
            self.send({"kind": "file", "name": name, "mime": self._mime}, buffers=[data])


def plot_buttons(view: Any, name: Callable[[], str]) -> list[DownloadButton]:
    """Return buttons that save a plot as CSV, PNG and SVG; `name` gives the file's, bare."""
    kinds = (
        ("CSV", view.csv, "text/csv", "Save the numbers shown as CSV"),
        ("PNG", view.png, "image/png", "Save a figure for print as PNG"),
        ("SVG", view.svg, "image/svg+xml", "Save a figure for print as SVG"),
    )
    return [_button(view, name, *kind) for kind in kinds]


def _button(
    view: Any, name: Callable[[], str], kind: str, make: Callable[[], Any], mime: str, tooltip: str
) -> DownloadButton:
    return DownloadButton(
        lambda: (f"{name()}.{kind.lower()}", make()),
        description=kind, tooltip=tooltip, mime=mime, on_error=view.show_error,
    )  # fmt: skip
