"""The style sheet of the widgets: JupyterLab's own colours, so that both themes fit."""

from __future__ import annotations

import ipywidgets as widgets

_CSS = """
.temwidgets-view {
  min-width: 0;
  color: var(--jp-ui-font-color1, #222);
}
.temwidgets-view .widget-label,
.temwidgets-view .widget-html {
  color: inherit;
}
.temwidgets-view .widget-inline-hbox .widget-label {
  width: auto;
  min-width: 0;
  margin-right: 4px;
}
.temwidgets-view .tem-row {
  flex-flow: row wrap;
  align-items: center;
  gap: 2px 6px;
  min-height: 32px;
  overflow: visible;
}
.temwidgets-view .tem-note,
.temwidgets-view .tem-note .widget-html-content {
  min-height: 0;
  height: auto;
  line-height: 1.35;
  margin: 0;
  white-space: normal;
}
.temwidgets-view .tem-error {
  color: var(--jp-error-color1, #b00020);
}
.temwidgets-view .tem-warning {
  color: var(--jp-warn-color0, #a05a00);
}
.temwidgets-view .tem-info {
  color: var(--jp-ui-font-color2, #555);
}
.temwidgets-view .tem-button {
  width: auto;
  min-width: 0;
  padding: 0 10px;
  margin: 2px;
  color: var(--jp-ui-font-color1);
  background: var(--jp-layout-color2);
  border: none;
  cursor: pointer;
  height: var(--jp-widgets-inline-height, 28px);
  font-size: var(--jp-widgets-font-size, 13px);
}
.temwidgets-view .tem-button:hover {
  background: var(--jp-layout-color3);
}
.temwidgets-view {
  flex: 1 1 320px;
  width: 100%;
}
.temwidgets-view .tem-stats .widget-html-content {
  line-height: 1.5;
  font-size: 12px;
  padding-left: 8px;
}
.temwidgets-view .tem-stats b {
  display: inline-block;
  min-width: 76px;
  font-weight: 600;
}
.temwidgets-view .tem-swatch {
  display: inline-block;
  width: 10px;
  height: 10px;
  border-radius: 2px;
  margin-right: 6px;
}
.temwidgets-view .bqplot .axis text,
.temwidgets-view .bqplot .axislabel {
  fill: var(--jp-ui-font-color1, #222) !important;
  font-size: 12px;
  font-weight: normal;
}
.temwidgets-view .bqplot .axis path {
  stroke: var(--jp-ui-font-color3, #888) !important;
}
.temwidgets-view .bqplot .plotarea_background {
  fill: none !important;
}
.temwidgets-view .tem-row .widget-text input[type="number"] {
  width: 92px;
  min-width: 0;
  flex: 0 0 auto;
}
.temwidgets-view .tem-ramp {
  display: inline-block;
  width: 120px;
  height: 10px;
  vertical-align: middle;
}
.temwidgets-view table.dataTable {
  --dt-row-selected: 190, 40, 95;
}
.temwidgets-view .dt-scroll-body,
.temwidgets-view .dt-container {
  background: transparent;
}
.temwidgets-view :focus-visible {
  outline: 2px solid var(--jp-brand-color1, #2196f3);
  outline-offset: 1px;
}
"""


def style_sheet() -> widgets.HTML:
    """Return an invisible widget that carries the style sheet."""
    return widgets.HTML(f"<style>{_CSS}</style>", layout={"display": "none"})


def row(*children: widgets.Widget, **layout: str) -> widgets.HBox:
    """Return controls side by side that wrap where the room is short."""
    box = widgets.HBox(children, layout=layout)
    box.add_class("tem-row")
    return box
