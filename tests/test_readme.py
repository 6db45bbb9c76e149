"""What README.md tells the reader to do works and names what there is."""

import re
import tomllib
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import temwidgets as tw

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_runs(example, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace = {}
    exec(example, namespace)
    if "columns" in namespace:
        saved = tw.open_result("columns.nc")
        assert saved.sizes["column"] == namespace["columns"].sizes["column"] > 3000


def test_the_names_in_the_table_are_there():
    rows = README.split("| to | there is |")[1].split("###")[0]
    for name in re.findall(r"`(\w+)`", rows):
        assert name in tw.__all__ or name in tw.widgets.__all__, name
    for name in re.findall(r"`networks\.(\w+)`", rows):
        assert name in tw.networks.__all__, name


def test_every_dependency_is_explained():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    table = README.split("## What the dependencies are for")[1].split("##")[0]
    named = set(re.findall(r"[\w-]+", table))
    for line in [*project["dependencies"], *chain(*project["optional-dependencies"].values())]:
        assert Requirement(line).name in named, line


@pytest.mark.parametrize("target", re.findall(r"\]\((?!http)([^)]+)\)", README))
def test_a_link_leads_somewhere(target):
    assert (ROOT / target).exists()
