# SPDX-License-Identifier: Apache-2.0
"""What a panic of the hypervisor says, and what follows it. Broken invariants
are provoked by the build configs/debug."""

import pytest

from systems import micro
from test_options import make_hv

CAUSES = {  # option: (reason, a name that the backtrace must have)
    "assert": (r"panic_test\.c:\d+: assertion failed: two == 3", "test_assert"),
    "pagefault": (r"page fault at fffffe8000002000, error 2", "test_page_fault"),
    "stack": (r"double fault", "boot_leave"),
    "nullcall": (r"page fault at 0000000000000000, error 10", "boot_leave"),
    "wx": (r"page fault at ffffffff80\w+, error 3", "test_write_text"),
    "nx": (r"page fault at ffffffff80\w+, error 11", "boot_leave"),
    "smash": (r"stack smashed", "test_smash"),
}


@pytest.fixture(scope="module", autouse=True)
def debug_build():
    make_hv("debug")


@pytest.mark.both
@pytest.mark.parametrize("cause", CAUSES)
def test_panic_says_why_and_where(bench, cause):
    reason, function = CAUSES[cause]
    options = f"panic-test={cause} panic=poweroff"
    with bench.run([micro("a", "hello")], config="debug", options=options) as machine:
        machine.wait(f"PANIC: .*{reason}", "skerry")
        machine.wait("cpu 0", "skerry")
        machine.wait("cr0 [0-9a-f]+ cr2 [0-9a-f]+ cr3", "skerry")
        machine.wait("backtrace:", "skerry")
        machine.wait(rf"[0-9a-f]{{16}} {function}\+0x", "skerry")
        machine.wait_end()


@pytest.mark.both(quick=True)
def test_registers_of_an_exception(bench):
    options = "panic-test=pagefault panic=poweroff"
    with bench.run([micro("a", "hello")], config="debug", options=options) as machine:
        machine.wait("PANIC:", "skerry")
        machine.wait("rax [0-9a-f]{16} rbx [0-9a-f]{16}", "skerry")
        machine.wait("rip ffffffff80[0-9a-f]{6} rflags", "skerry")


@pytest.mark.both
def test_halts_by_default(bench):
    options = "panic-test=assert"
    with bench.run([micro("a", "hello")], config="debug", options=options) as machine:
        machine.wait("PANIC:", "skerry")
        machine.wait("halted", "skerry")
        machine.stays_silent([], 2)
        assert not machine.ended


def test_reboots_if_asked(bench):
    options = "panic-test=assert panic=reboot"
    with bench.run([micro("a", "hello")], config="debug", options=options) as machine:
        machine.wait("PANIC:", "skerry")
        machine.wait_end()  # the emulator ends instead of restarting
