# SPDX-License-Identifier: Apache-2.0
"""The tests of tools/bench itself: its modules are found there."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools" / "bench"))
