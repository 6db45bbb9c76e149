"""What all tests share."""

import sys

import pytest


@pytest.fixture(autouse=True, scope="module")
def _few_compiled_functions():
    """Drop compiled functions between modules once there are many."""
    yield
    if "jax" in sys.modules:
        from temwidgets.kernels.compiled import keep_few

        keep_few()
