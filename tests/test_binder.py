"""Binder installs what the package needs, in versions that the package allows."""

import os
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
BINDER = ROOT / "binder"
pytestmark = pytest.mark.skipif(not BINDER.is_dir(), reason="binder/ is not in the sdist")


def pins():
    lines = (BINDER / "requirements.txt").read_text().splitlines()
    return dict(line.split("==") for line in lines if not line.startswith("#"))


def test_every_dependency_is_pinned_and_allowed():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = [*project["dependencies"], *project["optional-dependencies"]["files"]]
    requirements = {r.name: r for r in map(Requirement, needed)}
    assert set(pins()) == set(requirements)
    for name, version in pins().items():
        assert requirements[name].specifier.contains(version), name
    # progress bars break with older ones
    assert Requirement("ipykernel>=7.1").specifier.contains(pins()["ipykernel"])


def test_the_package_itself_is_installed_last_and_without_dependencies():
    script = BINDER / "postBuild"
    assert os.access(script, os.X_OK)
    assert "pip install --no-cache-dir --no-deps ." in script.read_text()
    assert (BINDER / "runtime.txt").read_text().strip().startswith("python-3.1")
