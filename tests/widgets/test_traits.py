"""No method is called behind our backs, and fields show numbers that people read."""

import importlib
import pkgutil

import pytest
import traitlets

import temwidgets.widgets
from temwidgets.widgets.views._variables import readable


def classes():
    package = temwidgets.widgets
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        for found in vars(importlib.import_module(module.name)).values():
            known = isinstance(found, type) and issubclass(found, traitlets.HasTraits)
            if known and found.__module__.startswith(package.__name__):
                yield found


def test_traitlets_observes_no_method_by_its_name():
    for found in set(classes()):
        magic = {f"_{name}_changed" for name in found.class_trait_names()}
        own = {
            name for base in found.__mro__ for name in vars(base) if "temwidgets" in base.__module__
        }
        assert not magic & own, found


@pytest.mark.parametrize(
    ("ends", "shown"),
    [
        ((3.7e-16, 879.1546), (0.0, 879.155)),
        ((-0.698343367, 7.060293), (-0.69834, 7.06029)),
        ((123456.7, 123456.9), (123456.7, 123456.9)),
        ((2.0, 2.0), (2.0, 2.0)),
    ],
)
def test_ends_of_a_range(ends, shown):
    assert readable(*ends) == shown
