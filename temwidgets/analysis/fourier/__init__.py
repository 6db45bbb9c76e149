"""Fourier space: spectra, reflections, local lattice spacing, geometric phase, domains."""
