"""The style sheet of the widgets: JupyterLab's own colours, so that both themes fit."""

from __future__ import annotations

import ipywidgets as widgets

from temwidgets.widgets._style_tables import TABLES

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
.temwidgets-view .noUi-target[disabled] {
  opacity: 0.4;
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
  flex: 0 0 auto;
  width: 100%;
}
.widget-hbox > .temwidgets-view {
  flex: 1 1 320px;
}
.temwidgets-view .tem-cell {
  flex-flow: row wrap;
  gap: 8px;
  align-items: flex-start;
}
.temwidgets-view .tem-cell > .widget-vbox:first-child {
  flex: 1 1 320px;
  min-width: 300px;
}
.temwidgets-view .tem-cell > .tem-image-view {
  flex: 2 1 380px;
  min-width: 340px;
  width: auto;
}
.temwidgets-view .tem-beside {
  flex-flow: row wrap;
  gap: 8px;
  align-items: flex-start;
}
.temwidgets-view .tem-beside > .tem-image-view {
  flex: 3 1 400px;
  min-width: 340px;
  width: auto;
}
.temwidgets-view .tem-beside > .tem-plots {
  flex: 2 1 340px;
  min-width: 300px;
  width: auto;
}
.tem-explorer .tem-plots .widget-toggle-buttons {
  margin: 0 0 2px;
}
.temwidgets-view .tem-swatch {
  display: inline-block;
  width: 10px;
  height: 10px;
  border-radius: 2px;
  margin-right: 6px;
}
.temwidgets-view .bqplot {
  margin: 0;
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
.temwidgets-view .tem-row .tem-whole input[type="number"] {
  width: 56px;
}
.temwidgets-view .tem-row .jupyter-button {
  padding: 0 9px;
}
.temwidgets-view .tem-row .jupyter-button.tem-chip {
  height: 26px;
  line-height: 22px;
  margin: 1px;
  border-radius: 3px;
}
.temwidgets-view .tem-together {
  overflow: visible;
  gap: 0 4px;
}
.temwidgets-view .tem-ramp {
  display: inline-block;
  width: 120px;
  height: 10px;
  vertical-align: middle;
}
.tem-explorer .tem-body {
  flex-flow: row wrap;
  gap: 8px;
  align-items: flex-start;
}
.tem-explorer .tem-body > .tem-image-view {
  flex: 3 1 420px;
  min-width: 380px;
  width: auto;
}
.tem-explorer .tem-body > .tem-plots {
  flex: 2 1 380px;
  min-width: 340px;
  width: auto;
}
.tem-explorer .widget-tab > .lm-TabBar .lm-TabBar-content {
  flex-flow: row wrap;
}
.tem-explorer .widget-tab > .lm-TabBar .lm-TabBar-tab {
  flex: 0 0 auto;
  min-width: 0;
}
.tem-explorer .widget-tab > .widget-tab-contents {
  padding: 6px 8px;
  background: transparent;
}
.tem-explorer .tem-title .widget-html-content {
  line-height: 1.4;
  white-space: normal;
}
.tem-explorer .tem-title .widget-html-content {
  align-self: center;
}
.tem-explorer .tem-title .tem-piece {
  display: inline-block;
}
.tem-explorer .tem-script {
  max-height: 260px;
  overflow: auto;
  margin: 4px 0;
  padding: 8px 12px;
  line-height: 1.45;
  font-family: var(--jp-code-font-family, monospace);
  font-size: 12px;
  color: var(--jp-content-font-color1, #222);
  background: var(--jp-cell-editor-background, #f5f5f5);
  border: 1px solid var(--jp-border-color2, #ddd);
}
.temwidgets-view .tem-wheel {
  justify-self: end;
  align-self: end;
  width: auto;
  height: auto;
  margin: 0 24px 56px 0;
  pointer-events: none;
  z-index: 1;
}
.tem-wheel .tem-wheel-box {
  display: flex;
  align-items: center;
  gap: 8px;
  padding: 6px 9px 6px 6px;
  border-radius: 4px;
  background: rgb(0 0 0 / 60%);
  color: #fff;
  font-size: 12px;
  line-height: 16px;
}
.tem-wheel .tem-wheel-disc {
  width: 44px;
  height: 44px;
  border-radius: 50%;
  -webkit-mask: radial-gradient(circle, transparent 32%, #000 35%);
  mask: radial-gradient(circle, transparent 32%, #000 35%);
}
.temwidgets-view .tem-pair {
  flex-flow: row wrap;
  gap: 8px;
  align-items: flex-start;
}
.temwidgets-view .tem-pair > .tem-image-view {
  flex: 1 1 380px;
  min-width: 340px;
  width: auto;
}
.tem-spectrum .dot {
  pointer-events: all;
  cursor: pointer;
}
.tem-fft .label,
.tem-spectrum .label {
  pointer-events: none;
  paint-order: stroke;
  stroke: rgb(0 0 0 / 70%);
  stroke-width: 3px;
}
.temwidgets-view :focus-visible {
  outline: 2px solid var(--jp-brand-color1, #2196f3);
  outline-offset: 1px;
}
"""


def style_sheet() -> widgets.HTML:
    """Return an invisible widget that carries the style sheet."""
    return widgets.HTML(f"<style>{_CSS}{TABLES}</style>", layout={"display": "none"})


def together(*children: widgets.Widget) -> widgets.HBox:
    """Return controls that are never parted by a line break, such as a field and its unit."""
    box = widgets.HBox(children, layout={"flex": "0 0 auto", "align_items": "center"})
    box.add_class("tem-together")
    return box


def row(*children: widgets.Widget, **layout: str) -> widgets.HBox:
    """Return controls side by side that wrap where the room is short."""
    box = widgets.HBox(children, layout=layout)
    box.add_class("tem-row")
    return box


def beside(view: widgets.Widget, plots: widgets.Widget) -> widgets.HBox:
    """Return an image view with plots at its right, or under it where the room is short."""
    plots.add_class("tem-plots")
    box = widgets.HBox([view, plots])
    box.add_class("tem-beside")
    return box
