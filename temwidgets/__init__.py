"""Composable Jupyter widgets for atomic-resolution TEM and STEM images.

Names are imported when first used, so that ``import temwidgets`` is quick.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "temwidgets.analysis.residual_search": ("find_in_residual",),
    "temwidgets.analysis.fitting": ("fit_columns",),
    "temwidgets.analysis.model": ("model_image", "residual_image"),
    "temwidgets.analysis.refitting": ("refit_columns",),
    "temwidgets.analysis.spacing": ("estimate_separation",),
    "temwidgets.analysis.finding": ("apply_threshold", "find_candidates"),
    "temwidgets.networks.finding": ("find_columns",),
    "temwidgets.analysis.scores": ("match_columns", "pool_scores", "score_columns"),
    "temwidgets.analysis.editing": (
        "add_columns",
        "delete_columns",
        "move_columns",
        "set_sublattice",
    ),
    "temwidgets.files": ("datasets", "open_result", "read", "read_columns", "save", "to_ase"),
    "temwidgets.analysis.carrying": ("carry_columns",),
    "temwidgets.analysis.indexing": ("index_columns",),
    "temwidgets.analysis.lattice": ("fit_lattice",),
    "temwidgets.analysis.lattice_data": ("make_lattice",),
    "temwidgets.analysis.cell_parameters": ("cell_lines", "cell_parameters", "move_origin"),
    "temwidgets.analysis.correction": ("correct_columns", "correct_distortion"),
    "temwidgets.analysis.cell_image": ("cell_image",),
    "temwidgets.analysis.motif": ("fit_motif",),
    "temwidgets.analysis.completion": ("complete_columns",),
    "temwidgets.analysis.mean_cell": ("mean_cell",),
    "temwidgets.analysis.displacement": ("displacements",),
    "temwidgets.analysis.distortion": ("scan_distortion",),
    "temwidgets.analysis.maps": ("strain_map",),
    "temwidgets.analysis.neighbours": ("neighbour_angles", "neighbour_distances"),
    "temwidgets.analysis.order": ("order_modulation", "order_spectrum"),
    "temwidgets.analysis.pair_correlation": ("correlation",),
    "temwidgets.analysis.comparison": ("compare_sites",),
    "temwidgets.analysis.count_mixture": ("count_mixture",),
    "temwidgets.analysis.counting": ("count_atoms",),
    "temwidgets.analysis.vacancies": ("find_vacancies",),
    "temwidgets.analysis.profiles": ("profile",),
    "temwidgets.analysis.scan_rows": ("row_offsets",),
    "temwidgets.analysis.slow_drift": ("slow_drift",),
    "temwidgets.analysis.stacks.alignment": ("align_frames",),
    "temwidgets.analysis.stacks.diffusion": ("mean_square_displacement",),
    "temwidgets.analysis.stacks.drift": ("measure_drift",),
    "temwidgets.analysis.stacks.events": ("column_events",),
    "temwidgets.analysis.stacks.frame_fits": ("fit_frames",),
    "temwidgets.analysis.stacks.linking": ("link_columns",),
    "temwidgets.analysis.stacks.mean_fit": ("fit_mean", "frame_columns"),
    "temwidgets.analysis.stacks.motion": ("drift_free",),
    "temwidgets.analysis.stacks.series": ("kymograph", "time_series"),
    "temwidgets.analysis.strain": ("column_strain",),
    "temwidgets.analysis.variables": ("numeric_variables",),
    "temwidgets.analysis.colour_wheel": ("direction_colours",),
    "temwidgets.analysis.polar_histogram": ("polar_histogram", "vector_statistics"),
    "temwidgets.analysis.clustering": ("cluster_columns",),
    "temwidgets.analysis.cleaning": ("denoise", "subtract_background"),
    "temwidgets.analysis.frame_folder": ("open_frames",),
    "temwidgets.analysis.framewise": ("each_frame",),
    "temwidgets.analysis.frames": (
        "from_original",
        "lattice_angle",
        "rotate",
        "rotate_to_lattice",
        "to_original",
    ),
    "temwidgets.analysis.intensity": (
        "find_outliers",
        "sublattice_statistics",
        "voronoi_intensity",
    ),
    "temwidgets.analysis.mixture": ("assign_populations", "fit_mixture", "mixture_density"),
    "temwidgets.analysis.sublattices": ("label_sublattices",),
    "temwidgets.analysis.motif_editing": (
        "cell_profile",
        "delete_site",
        "motif_columns",
        "move_site",
        "name_sites",
    ),
    "temwidgets.analysis.site_sublattices": ("colour_sublattices", "sublattices_from_sites"),
    "temwidgets.analysis.naming": ("name_sublattices",),
    "temwidgets.analysis.pixels": ("bin_pixels", "calibrate", "rescale"),
    "temwidgets.analysis.preparation": ("crop", "mean_frame", "normalise", "select_frame"),
    "temwidgets.analysis.fourier.spectrum": ("power_spectrum", "radial_profile"),
    "temwidgets.analysis.fourier.reflection_data": ("make_reflections",),
    "temwidgets.analysis.fourier.reflections": ("find_reflections", "snap_reflections"),
    "temwidgets.analysis.fourier.reflection_editing": ("add_reflections", "move_reflection"),
    "temwidgets.analysis.fourier.families": ("group_reflections",),
    "temwidgets.analysis.fourier.phases": ("index_reflections", "phase_rings"),
    "temwidgets.analysis.fourier.filtering": ("fourier_filter", "fourier_mask"),
    "temwidgets.analysis.fourier.local_spacing": ("local_spacing",),
    "temwidgets.analysis.fourier.geometric_phase": ("geometric_phase",),
    "temwidgets.analysis.fourier.dislocations": ("burgers_vector", "phase_displacement"),
    "temwidgets.analysis.fourier.crystal_mask": ("crystal_mask",),
    "temwidgets.analysis.fourier.map_statistics": (
        "block_average",
        "line_profile",
        "map_histogram",
        "region_statistics",
    ),
    "temwidgets.analysis.fourier.domains": ("segment_domains",),
    "temwidgets.analysis.fourier.domain_editing": (
        "columns_in_domains",
        "exclude_domains",
        "exclude_reflections",
    ),
    "temwidgets.analysis.fourier.domain_totals": ("domain_totals",),
    "temwidgets.recipes.folder": ("run_files",),
    "temwidgets.recipes.reading": ("read_recipe",),
    "temwidgets.recipes.running": ("run_recipe",),
    "temwidgets.conventions": ("Flag", "make_columns", "make_image"),
    "temwidgets.widgets.explorers": ("explore",),
    "temwidgets.widgets.fourier_explorer": ("explore_fourier",),
    "temwidgets.widgets.stack_explorer": ("explore_stack",),
    "temwidgets.widgets.workspace": ("Workspace", "open_workspace"),
}
_MODULES = ("examples", "files", "networks", "synthetic", "widgets")
_NAMES = {name: module for module, names in _HOME.items() for name in names}

__all__ = sorted([*_NAMES, *_MODULES])


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"temwidgets.{name}")
    if name in _NAMES:
        return getattr(importlib.import_module(_NAMES[name]), name)
    raise AttributeError(f"module 'temwidgets' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
