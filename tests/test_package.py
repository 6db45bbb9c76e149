"""What `import temwidgets` brings in, and what it offers."""

import inspect
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

import temwidgets as tw

HEAVY = (
    "IPython",
    "PIL",
    "anywidget",
    "bqplot",
    "h5netcdf",
    "h5py",
    "ipywidgets",
    "itables",
    "jax",
    "matplotlib",
    "numpy",
    "pandas",
    "rsciio",
    "scipy",
    "skimage",
    "sklearn",
    "tifffile",
    "xarray",
)


def modules_after(statement):
    """Names of the modules that a fresh Python holds after a statement."""
    code = f"import sys\n{statement}\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-I", "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_the_import_brings_in_nothing_heavy():
    # editable installs may load a finder, so look for packages and not for a number of modules
    assert modules_after("import temwidgets").isdisjoint(HEAVY)


@pytest.mark.parametrize("name", ["read", "Workspace", "make_image"])
def test_a_name_brings_in_what_it_needs_and_no_numerics_library(name):
    loaded = modules_after(f"import temwidgets\ntemwidgets.{name}")
    assert "xarray" in loaded
    assert loaded.isdisjoint({"jax", "sklearn", "matplotlib", "rsciio"})


def test_a_step_begins_before_its_libraries_are_imported():
    # a button asks for the function first, and nothing shows that a step runs before it has it
    loaded = modules_after("import temwidgets\ntemwidgets.segment_domains")
    assert loaded.isdisjoint({"sklearn", "jax"})


def test_images_are_read_without_widgets():
    loaded = modules_after("import temwidgets\ntemwidgets.examples.load('pt_atoms')")
    assert loaded.isdisjoint({"ipywidgets", "bqplot", "anywidget", "traitlets"})


@pytest.mark.parametrize("module", [tw, tw.widgets], ids=lambda module: module.__name__)
def test_every_public_name_is_there_and_documented(module):
    assert len(set(module.__all__)) == len(module.__all__) > 0
    for name in module.__all__:
        documented = inspect.getdoc(getattr(module, name))
        assert documented, name
        assert documented[0].isupper() or documented[0] in "`\"'", name
        assert name in dir(module)


def test_a_name_that_is_not_there_is_told():
    with pytest.raises(AttributeError, match="module 'temwidgets' has no attribute 'nothing'"):
        _ = tw.nothing
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = tw.widgets.nothing


def test_a_package_that_breaks_brushes_is_told(tmp_path):
    (tmp_path / "bqplot_gl.py").touch()
    with pytest.raises(AssertionError, match="UserWarning: bqplot-gl is installed"):
        modules_after(f"sys.path.append({str(tmp_path)!r})\nimport temwidgets.widgets")


def test_the_version_is_one():
    project = Path(__file__).parents[1] / "pyproject.toml"
    assert tw.__version__ == version("temwidgets")
    assert tw.__version__ == tomllib.loads(project.read_text())["project"]["version"]
