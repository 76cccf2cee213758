# SPDX-License-Identifier: Apache-2.0
"""What the tests of the process share."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "tools")]

from repository import Repository  # noqa: E402


@pytest.fixture
def repository(tmp_path):
    return Repository(tmp_path / "repository")
