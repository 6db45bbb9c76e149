"""Analyses: xarray in, xarray out; units, labels, flags and uncertainties."""
