#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes an initramfs: busybox, an init script, the empty folders to mount things
on, and what else is asked for. The same input gives the same bytes: no dates, no
owners, one order.

    tools/mkinitramfs.py BUSYBOX INIT OUTPUT [ARCHIVE.tar | PATH=FILE]...

The files of the archives keep their places; PATH=FILE puts one more at PATH. The
archive is not compressed: no emulated CPU has to unpack it. Its format is "newc",
described in the kernel's Documentation/driver-api/early-userspace/buffer-format.rst."""

import os
import stat
import sys
import tarfile

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


def archive_members(path):
    """The files and links of a tar archive; a hard link is a file of its own."""
    with tarfile.open(path) as archive:
        for item in archive:
            name = os.path.normpath(item.name)
            if item.issym():
                yield name, stat.S_IFLNK | 0o777, item.linkname.encode(), (0, 0)
            elif item.isfile() or item.islnk():
                yield name, stat.S_IFREG | item.mode & 0o777, archive.extractfile(item).read(), (0, 0)


def more_members(arguments):
    for argument in arguments:
        path, _, file = argument.partition("=")
        if file:
            executable = 0o111 if os.access(file, os.X_OK) else 0
            yield path, stat.S_IFREG | 0o644 | executable, read(file), (0, 0)
        else:
            yield from archive_members(argument)


def with_folders(found):
    """Puts a folder before the first file in it."""
    known = set()
    for member in found:
        parts = member[0].split("/")
        for depth in range(1, len(parts)):
            folder = "/".join(parts[:depth])
            if folder not in known:
                known.add(folder)
                yield folder, stat.S_IFDIR | 0o755, b"", (0, 0)
        known.add(member[0])
        yield member


def archive_of(folder, files):
    """One more archive, for behind another: a folder with these files, name to bytes."""
    found = [(folder, stat.S_IFDIR | 0o755, b"")]
    found += [(f"{folder}/{name}", stat.S_IFREG | 0o644, data) for name, data in files.items()]
    parts = [entry(number, *member) for number, member in enumerate(found, 1)]
    return b"".join(parts) + entry(0, "TRAILER!!!", 0)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def main():
    busybox, init, output, *more = sys.argv[1:]
    found = [*members(read(busybox), read(init)), *more_members(more)]
    archive = b"".join(entry(number, name, mode, data, device)
                       for number, (name, mode, data, device) in enumerate(with_folders(found), 1))
    os.makedirs(os.path.dirname(output) or ".", exist_ok=True)
    with open(output, "wb") as file:
        file.write(archive + entry(0, "TRAILER!!!", 0))


if __name__ == "__main__":
    main()
