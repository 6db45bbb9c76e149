"""Panels: the controls of one analysis each."""
