"""The part of the style sheet on tables, and on numbers told in words."""

from __future__ import annotations

TABLES = """
.temwidgets-view .tem-stats .widget-html-content {
  line-height: 1.5;
  font-size: 12px;
  padding-left: 8px;
}
.temwidgets-view .tem-stats b {
  display: inline-block;
  min-width: 92px;
  margin-right: 8px;
  font-weight: 600;
}
.temwidgets-view table.dataTable {
  --dt-row-selected: 190, 40, 95;
}
.temwidgets-view .dt-scroll-body,
.temwidgets-view .dt-container {
  background: transparent;
}
.tem-rows table.dataTable.nowrap tbody td:not(.dt-type-numeric) {
  white-space: normal;
}
.tem-rows table.dataTable.nowrap thead th {
  white-space: normal;
  vertical-align: bottom;
}
.tem-rows table.dataTable.compact thead th,
.tem-rows table.dataTable.compact tbody td {
  padding-left: 4px;
  font-size: 12px;
}
.tem-rows .dt-scroll-body {
  scrollbar-width: thin;
  scrollbar-color: var(--jp-border-color1, #bbb) transparent;
}
.temwidgets-view .tem-table {
  border-collapse: collapse;
  width: auto;
  margin: 4px 0;
}
.temwidgets-view .tem-table th,
.temwidgets-view .tem-table td {
  padding: 1px 14px 1px 0;
  text-align: left;
  background: none;
  line-height: 1.45;
}
"""
