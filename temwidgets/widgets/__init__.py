"""Widgets: workspace, views, panels and explorers."""
