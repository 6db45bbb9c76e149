"""Kernels of Fourier space: plain arrays in, plain arrays out."""
