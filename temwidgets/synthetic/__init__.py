"""Images with known truth: lattices, displacement, defects, background, noise, dose.

Every maker returns ``(image, truth)``. Of makers of columns the truth is the columns in the image
as `fit_columns` would report them if it were perfect; heights and backgrounds are given in *units
of height*, and `dose` says how many counts one unit of height is on average. Of makers of fringes
it is what `local_spacing` would report (`fringes`, `strained_crystal`, `interface_step`,
`dislocation`), or what `segment_domains` would (`twin`, `two_phases`, `polycrystal`, `amorphous`),
and of `movie` the columns and drift of all frames. Only `training_image` draws everything itself
and returns plain arrays, for networks. `multislice_image` loads what was simulated by multislice.
Pairs are (y, x) throughout.
"""

from temwidgets.synthetic.crystal import Site, lattice_columns
from temwidgets.synthetic.dislocations import dislocation
from temwidgets.synthetic.fringes import fringes
from temwidgets.synthetic.grains import amorphous, twin, two_phases
from temwidgets.synthetic.images import crowded, hexagonal, honeycomb, lattice_image, perovskite
from temwidgets.synthetic.movies import movie
from temwidgets.synthetic.multislice import multislice_image, simulate_multislice
from temwidgets.synthetic.polycrystal import polycrystal
from temwidgets.synthetic.rendering import plane, render, waves
from temwidgets.synthetic.strained import interface_step, strained_crystal
from temwidgets.synthetic.texture import amorphous_texture
from temwidgets.synthetic.training import TrainingImage, training_image, training_images

__all__ = [
    "Site",
    "TrainingImage",
    "amorphous",
    "amorphous_texture",
    "crowded",
    "dislocation",
    "fringes",
    "hexagonal",
    "honeycomb",
    "interface_step",
    "lattice_columns",
    "lattice_image",
    "movie",
    "multislice_image",
    "perovskite",
    "plane",
    "polycrystal",
    "render",
    "simulate_multislice",
    "strained_crystal",
    "training_image",
    "training_images",
    "twin",
    "two_phases",
    "waves",
]
