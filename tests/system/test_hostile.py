# SPDX-License-Identifier: Apache-2.0
"""The hostile guest (docs/design/hostile.md), a few thousand calls of it on each machine. `make assure`
runs it for long."""

import subprocess

import pytest

from machine import ROOT

CALLS = 3000


@pytest.mark.slow
@pytest.mark.parametrize("machine", ["qemu", "bochs"])
def test_nobody_else_notices(machine):
    run = subprocess.run(["tests/guest/run.py", "hostile", "--machine", machine, "--set", f"CALLS={CALLS}"],
                         cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert run.returncode == 0, run.stdout
