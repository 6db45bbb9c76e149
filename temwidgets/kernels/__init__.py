"""JAX kernels: plain arrays in, plain arrays out.

Compilations are kept on disk, so that only the first fit ever on a machine waits for them. A cache
that the user has set up for JAX is respected; ``TEMWIDGETS_CACHE=off`` keeps none.
"""

import os
from pathlib import Path

import jax


def _keep_compilations() -> None:
    wanted = os.environ.get("TEMWIDGETS_CACHE", "")
    set_before = jax.config.jax_compilation_cache_dir  # type: ignore[attr-defined]
    if wanted == "off" or set_before is not None:
        return
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(wanted) if wanted else Path(base) / "temwidgets" / "jax"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return  # a read-only home costs compilations, nothing else
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)


_keep_compilations()
