# SPDX-License-Identifier: Apache-2.0
"""The tests of tools/bench itself: its modules are found there. Tests marked `slow` run with
`make check-all`."""

import contextlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools" / "bench"))


def pytest_addoption(parser):
    with contextlib.suppress(ValueError):  # another folder's tests have it too
        parser.addoption("--slow", action="store_true", help="run the slow tests too")


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes minutes; runs with make check-all")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--slow"):
        config.hook.pytest_deselected(items=[i for i in items if "slow" in i.keywords])
        items[:] = [i for i in items if "slow" not in i.keywords]
