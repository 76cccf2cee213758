#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Takes the ELF file out of a bzImage, for the machines that the tests compare
with (the host tool has its own reader and does not use this).

    tools/unpack-kernel.py BZIMAGE OUTPUT

The setup header is described in the kernel's Documentation/arch/x86/boot.rst."""

import ctypes
import lzma
import struct
import sys

LZ4_LEGACY = b"\x02\x21\x4c\x18"
LZ4_BLOCK = 8 << 20  # the legacy format's blocks hold at most this much


def payload(image):
    """The compressed kernel; its last four bytes are its unpacked size."""
    if image[0x202:0x206] != b"HdrS":
        sys.exit("not a bzImage")
    start = (image[0x1F1] + 1) * 512
    offset, length = struct.unpack_from("<II", image, 0x248)
    return image[start + offset:start + offset + length]


def unpack_lz4(data):
    lz4 = ctypes.CDLL("liblz4.so.1")
    out, at = b"", len(LZ4_LEGACY)
    room = ctypes.create_string_buffer(LZ4_BLOCK)
    while at + 8 <= len(data):
        (size,) = struct.unpack_from("<I", data, at)
        block = data[at + 4:at + 4 + size]
        got = lz4.LZ4_decompress_safe(block, room, len(block), LZ4_BLOCK)
        if got < 0:
            sys.exit("damaged LZ4 block")
        out += room.raw[:got]
        at += 4 + size
    return out


def main():
    with open(sys.argv[1], "rb") as file:
        data = payload(file.read())
    if data.startswith(LZ4_LEGACY):
        elf = unpack_lz4(data)
    else:
        elf = lzma.LZMADecompressor().decompress(data)
    with open(sys.argv[2], "wb") as file:
        file.write(elf)


if __name__ == "__main__":
    main()
