# SPDX-License-Identifier: Apache-2.0
"""What the tests of the process share. Those marked `slow` run with `make check-all`."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "tools")]

from repository import Repository  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--slow", action="store_true", help="run the slow tests too")


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes minutes; runs with make check-all")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--slow"):
        config.hook.pytest_deselected(items=[i for i in items if "slow" in i.keywords])
        items[:] = [i for i in items if "slow" not in i.keywords]


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path / "repository")
