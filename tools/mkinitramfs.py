#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes an initramfs: busybox, an init script, and the empty folders to mount
things on. The same input gives the same bytes: no dates, no owners, one order.

    tools/mkinitramfs.py BUSYBOX INIT OUTPUT

The archive is not compressed: no emulated CPU has to unpack it. Its format is
"newc", described in the kernel's Documentation/driver-api/early-userspace/
buffer-format.rst."""

import os
import stat
import sys

FOLDERS = ["bin", "dev", "mnt", "proc", "root", "sys", "tmp"]


def entry(number, name, mode, data=b"", device=(0, 0)):
    fields = [number, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name) + 1, 0]
    head = b"070701" + b"".join(b"%08x" % field for field in fields)
    head += name.encode() + b"\0"
    return pad(head) + pad(data)


def pad(data):
    return data + b"\0" * (-len(data) % 4)


def members(busybox, init):
    for folder in FOLDERS:
        yield folder, stat.S_IFDIR | 0o755, b"", (0, 0)
    yield "dev/console", stat.S_IFCHR | 0o600, b"", (5, 1)
    yield "bin/busybox", stat.S_IFREG | 0o755, busybox, (0, 0)
    yield "bin/sh", stat.S_IFLNK | 0o777, b"busybox", (0, 0)
    yield "init", stat.S_IFREG | 0o755, init, (0, 0)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def main():
    busybox, init, output = sys.argv[1:]
    archive = b""
    for number, member in enumerate(members(read(busybox), read(init)), 1):
        name, mode, data, device = member
        archive += entry(number, name, mode, data, device)
    archive += entry(0, "TRAILER!!!", 0)
    os.makedirs(os.path.dirname(output) or ".", exist_ok=True)
    with open(output, "wb") as file:
        file.write(archive)


if __name__ == "__main__":
    main()
