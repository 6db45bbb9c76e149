"""Load an image: a shipped example, a file on the server, or an upload."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ipywidgets as widgets

import temwidgets as tw
from temwidgets.conventions import length_unit
from temwidgets.widgets.controls import checkbox, dropdown, number
from temwidgets.widgets.errors import guarded
from temwidgets.widgets.messages import Message
from temwidgets.widgets.panels._panel import Panel
from temwidgets.widgets.style import row, together

_REPLACED = ("columns", "candidates", "mixture")
_READABLE = ("image", "image series")


class LoadPanel(Panel):
    """Choose an image, one of its datasets, and the length of a pixel where the file has none."""

    def _build(self) -> list[widgets.Widget]:
        self.path = widgets.Combobox(
            description="File", placeholder="path of an image, e.g. data/image.dm4",
            tooltip="Path of the image on the machine that runs the notebook",
            continuous_update=False, layout={"width": "auto", "flex": "1 1 320px"},
            style={"description_width": "auto"},
        )  # fmt: skip
        self.upload = widgets.FileUpload(
            description="Upload", tooltip="Copy a file beside the notebook", multiple=False
        )
        self.dataset = dropdown("Dataset", "Which of the images in the file")
        self.own = checkbox("pixel size", "Give the length of a pixel instead of the file's own")
        self.sampling = number("", "Length of a pixel in nm", 0.02)
        self.example = dropdown("Example", "Images that come with temwidgets", _examples())
        self.load = self.action("Load", "Read the file", self._load)
        self.load_example = self.action("Load example", "Load this image", self._load_example)
        self.path.observe(self._look, "value")
        self.path.observe(self._suggest, "value")
        self.upload.observe(self._uploaded, "value")
        self.own.observe(lambda _: self._arrange(), "value")
        self._size = together(self.sampling, widgets.Label("nm per px"))
        self._arrange()
        self._suggest(None)
        self.watch(self.workspace, self._loaded, "image")
        return [
            row(self.path, self.upload, self.dataset, self.own, self._size, self.load),
            row(self.example, self.load_example),
        ]

    def _arrange(self) -> None:
        self._size.layout.display = "" if self.own.value else "none"
        several = len(self.dataset.options) > 1
        self.dataset.layout.display = "" if several else "none"

    @guarded
    def _suggest(self, _: Any) -> None:
        """Offer the files of the folder that is typed."""
        folder = Path(self.path.value).expanduser()
        folder = folder if folder.is_dir() else folder.parent
        names = sorted(p for p in folder.glob("*") if p.suffix.lower()[1:] in tw.files.SUFFIXES)
        self.path.options = [str(name) for name in names[:200]]

    @guarded
    def _look(self, _: Any) -> None:
        self.dataset.options = ()
        self.own.value = False  # a size given for the last file is not that of this one
        self._arrange()
        path = Path(self.path.value).expanduser()
        if not path.is_file():
            return
        found = [item for item in tw.datasets(path) if item.kind in _READABLE]
        self.dataset.options = [(f"{d.name} {d.shape}", d.name) for d in found]
        self.dataset.value = next((d.name for d in found if d.default), None)
        self._arrange()

    @guarded
    def _uploaded(self, change: Any) -> None:
        for item in change["new"]:
            path = Path.cwd() / Path(item["name"]).name
            if path.exists() and path.read_bytes() != bytes(item["content"]):
                raise FileExistsError(f"There is another {path.name} here already; rename yours.")
            path.write_bytes(item["content"])
            self.path.value = str(path)
            self.workspace.message = Message("info", f"Copied to {path}.")

    @guarded
    def _load(self, _: Any) -> None:
        if not self.path.value.strip():
            raise ValueError("Type the path of a file first, upload one, or load an example.")
        options: dict[str, Any] = {"path": str(Path(self.path.value).expanduser())}
        if len(self.dataset.options) > 1:
            options["dataset"] = self.dataset.value
        if self.own.value:
            options["sampling"] = self.sampling.value
        self.workspace.run(tw.read, into="image", clears=_REPLACED, **options)

    @guarded
    def _load_example(self, _: Any) -> None:
        self.workspace.run(
            tw.examples.load, into="image", clears=_REPLACED, name=self.example.value
        )

    @guarded
    def _loaded(self, change: Any) -> None:
        image = change["new"]
        if image is not None and length_unit(image) == "px":
            self.own.value = True


def _examples() -> list[tuple[str, str]]:
    return [(name.replace("_", " "), name) for name in tw.examples.names()]
