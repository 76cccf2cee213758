# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the machine tests. Those marked `both` run on each emulated machine, `qemu` (AMD) and
`bochs` (Intel), whose runs are slow ones unless the mark says `both(quick=True)`."""

import re
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "tools"), str(HERE.parents[1] / "tools" / "bench")]

from systems import Bench  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "both(quick=False): runs on the AMD and on the Intel machine")


def pytest_generate_tests(metafunc):
    """A test without the mark has the one machine, and no word for it in its name."""
    mark = metafunc.definition.get_closest_marker("both")
    if mark and "bench" in metafunc.fixturenames:
        slow = [] if mark.kwargs.get("quick") else [pytest.mark.slow]
        metafunc.parametrize("bench", ["qemu", pytest.param("bochs", marks=slow)], indirect=True)


@pytest.fixture
def bench(request):
    name = re.sub(r"[^A-Za-z0-9]+", "-", request.node.name.removeprefix("test_")).strip("-")
    return Bench(name, getattr(request, "param", "qemu"))
