#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One emulated Intel machine: Bochs, started headless from a GRUB CD with the
hypervisor and an image, its first serial port on standard input and output. It
ends when the machine goes off. What Bochs does differently from hardware stands
in docs/guide/debugging.md."""

import argparse
import ctypes
import fcntl
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import tty

TOOLS = os.path.dirname(os.path.abspath(__file__))
PR_SET_PDEATHSIG = 1
USUAL_MODEL = "broadwell_ult"  # later ones have an XSAVEC that stock kernels cannot live with: see the guide
LACKING_MSRS = ("ryzen",)  # it has SVM without VM_CR: reads of such give 0 instead of a fault
BIOS = "/usr/share/bochs/BIOS-bochs-latest"

# What the firmware puts into IA32_FEATURE_CONTROL (Intel SDM vol. 3C, 23.7), by `or eax, VALUE;
# wrmsr` on the first CPU and on the others.
FEATURE_CONTROL = {"on": 0x5, "off": 0x1, "open": 0x0}
FIRMWARE_SETS = bytes.fromhex("83c8 05 0f30")

CONFIGURATION = """\
display_library: term
memory: guest={memory}, host={memory}
romimage: file={folder}/bios, options=fastboot
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
cpu: model={model}, count={cpus}, ips={ips}, reset_on_triple_fault=0, ignore_bad_msrs={ignore_msrs}
clock: sync=none, time0=1700000000
ata0-master: type=cdrom, path={folder}/machine.iso, status=inserted
boot: cdrom
vga: extension=none
com1: enabled=1, mode=term, dev={serial}
log: {folder}/log
panic: action=fatal
"""


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split(".", maxsplit=1)[0])
    parser.add_argument("hypervisor")
    parser.add_argument("image")
    parser.add_argument("--cpus", type=int, default=1)
    parser.add_argument("--memory", type=int, default=512, help="MiB")
    parser.add_argument("--model", default=USUAL_MODEL)
    parser.add_argument("--ips", type=int, default=120000000,
                        help="instructions a second of emulated time, and the TSC's rate")
    parser.add_argument("--append", default="", help="words for the hypervisor's command line")
    parser.add_argument("--firmware", choices=FEATURE_CONTROL, default="on",
                        help="what it does about VT-x: turn it on or off and lock it so, or leave "
                             "it to the system")
    parser.add_argument("--ignore-msrs", action="store_true",
                        help="MSRs that are not there read 0 (Xen reads some that this machine has not)")
    parser.add_argument("--log", help="keep the emulator's own log in this file")
    return parser.parse_args()


def make_disc(args, folder):
    # Interrupts do not end a guest that has them off: see the guide.
    shutil.copyfile(args.image, f"{folder}/system.img")  # it may be a descriptor of ours
    options = f"guest-timer=ms {args.append}".strip()
    subprocess.run([os.path.join(TOOLS, "mkiso.sh"), args.hypervisor, f"{folder}/system.img",
                    f"{folder}/machine.iso", options], check=True)


def make_firmware(args, folder):
    with open(BIOS, "rb") as f:
        code = f.read()
    if code.count(FIRMWARE_SETS) != 2:
        sys.exit(f"bochs.py: {BIOS} sets IA32_FEATURE_CONTROL in a way that is not known here")
    value = bytes([FEATURE_CONTROL[args.firmware]])
    with open(f"{folder}/bios", "wb") as f:
        f.write(code.replace(FIRMWARE_SETS, FIRMWARE_SETS[:2] + value + FIRMWARE_SETS[3:]))


def own_terminal():
    """In the child: a session with the display's terminal, and a death with its parent."""
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def start(args, folder, serial):
    """Returns the process and its display, which must be read and is nobody's business."""
    configuration = CONFIGURATION.format(memory=args.memory, model=args.model, cpus=args.cpus,
                                         ips=args.ips, folder=folder, serial=serial,
                                         ignore_msrs=int(args.ignore_msrs or args.model in LACKING_MSRS))
    with open(f"{folder}/bochsrc", "w", encoding="utf-8") as f:
        f.write(configuration)
    with open(f"{folder}/rc", "w", encoding="utf-8") as f:
        f.write("c\nq\n")  # Debian's build stops in its debugger first
    display, child_side = pty.openpty()
    process = subprocess.Popen(["bochs", "-q", "-f", f"{folder}/bochsrc", "-rc", f"{folder}/rc"],
                               stdin=child_side, stdout=child_side, stderr=child_side,
                               env={**os.environ, "TERM": "vt100"}, preexec_fn=own_terminal)
    os.close(child_side)
    return process, display


def read(fd):
    try:
        return os.read(fd, 4096)
    except OSError:  # the other side of a terminal has gone
        return b""


def join(process, serial, display):
    """Until the emulator has ended and all that it wrote is read."""
    sources = {serial, display, 0}
    while True:
        ended = process.poll() is not None
        ready, _, _ = select.select(list(sources), [], [], 0 if ended else 0.2)
        for fd in ready:
            data = read(fd)
            if not data:
                sources.discard(fd)
            elif fd == serial:
                sys.stdout.buffer.write(data)
                sys.stdout.buffer.flush()
            elif fd == 0:
                os.write(serial, data)
        if ended and serial not in ready:
            return


def main():
    args = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="skerry-bochs-") as folder:
        make_disc(args, folder)
        make_firmware(args, folder)
        serial, machine_side = pty.openpty()
        tty.setraw(machine_side)
        process, display = start(args, folder, os.ttyname(machine_side))
        try:
            join(process, serial, display)
        finally:
            process.kill()
            process.wait()
            if args.log:
                shutil.copy(f"{folder}/log", args.log)
    return 0


if __name__ == "__main__":
    sys.exit(main())
