"""Images with known truth: lattices, displacement, defects, background, noise, dose.

Every maker returns ``(image, truth)``: an image, and the columns in it as `fit_columns` would
report them if it were perfect. Heights and backgrounds are given in *units of height*; `dose` says
how many counts one unit of height is on average. Pairs are (y, x) throughout.
"""

from temwidgets.synthetic.crystal import Site, lattice_columns
from temwidgets.synthetic.images import crowded, hexagonal, honeycomb, lattice_image, perovskite
from temwidgets.synthetic.rendering import plane, render, waves

__all__ = [
    "Site",
    "crowded",
    "hexagonal",
    "honeycomb",
    "lattice_columns",
    "lattice_image",
    "perovskite",
    "plane",
    "render",
    "waves",
]
