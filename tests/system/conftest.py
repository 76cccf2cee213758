# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the machine tests. Tests marked `slow` run with `make check-all`."""

import re
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "tools")]

from systems import Bench  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="run the slow tests too")


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes minutes; runs with make check-all")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--slow"):
        return
    config.hook.pytest_deselected(items=[i for i in items if "slow" in i.keywords])
    items[:] = [i for i in items if "slow" not in i.keywords]


@pytest.fixture
def bench(request):
    return Bench(re.sub(r"[^A-Za-z0-9]+", "-", request.node.name.removeprefix("test_")).strip("-"))
