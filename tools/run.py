#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Boots a system under the emulator.

    tools/run.py HYPERVISOR SYSTEM.yaml IMAGE

On a terminal you get the consoles of its domains. Without one it waits until
every domain has reported ready, powers each off and ends with 0; if one does
not get there, it says which and ends with 1."""

import os
import sys

import yaml

from machine import BUILD, Machine, MachineFailed, qemu_arguments

READY_SECONDS = 300
NEXT_CONSOLE = "\x01\x01\x01"

WELCOME = """\
Starting {count} domains: {names}. Each line carries its domain's name.
  Ctrl-A three times   moves your typing to the next domain
  poweroff -f          ends a domain; the machine goes off with the last one
  Ctrl-] x             ends the emulator
"""


def interactive(hypervisor, image, names):
    print(WELCOME.format(count=len(names), names=", ".join(names)), flush=True)
    arguments = qemu_arguments(serial="mon:stdio",
                               extra=["-echr", "29", "-kernel", hypervisor, "-initrd", image])
    os.execvp(arguments[0], arguments)


def unattended(hypervisor, image, names):
    arguments = qemu_arguments(extra=["-kernel", hypervisor, "-initrd", image])
    with Machine(arguments, BUILD / "logs" / "run.log") as machine:
        for name in names:
            line = machine.ready(name, READY_SECONDS)
            print(f"{name}: ready after {line.seconds:.1f} s", flush=True)
        for name in names:
            machine.wait(rf"{name}:/# ", name, prompt=True)
            machine.type("poweroff -f\n")
            machine.wait("Power down", name)
            print(f"{name}: powered off", flush=True)
            machine.type(NEXT_CONSOLE)
        machine.wait_end()


def main():
    hypervisor, system, image = sys.argv[1:]
    with open(system, encoding="utf-8") as file:
        names = [domain["name"] for domain in yaml.safe_load(file)["domains"]]
    if sys.stdin.isatty() and sys.stdout.isatty():
        interactive(hypervisor, image, names)
    try:
        unattended(hypervisor, image, names)
    except MachineFailed as failure:
        sys.exit(f"run: {failure}")


if __name__ == "__main__":
    main()
