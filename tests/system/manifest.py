# SPDX-License-Identifier: Apache-2.0
"""Compiled images as the tests damage them. Layout: abi/manifest/manifest.h."""

import struct

SUM_OFFSET = 32
TABLES_OFFSET = 48
CHANNELS_OFFSET = 144  # its table came later
TABLES = {"domains": 256, "vcpus": 4, "regions": 24, "loads": 40, "payloads": 104, "channels": 72}
PAYLOAD_NAME_OFFSET = 72


def checksum(data):
    """The sum of damage that an image carries for its manifest and each payload."""
    a, b = 1, 0
    data = bytes(data) + bytes(-len(data) % 8)
    for (word,) in struct.iter_unpack("<Q", data):
        a = (a + word) & (1 << 64) - 1
        b = (b + a) & (1 << 64) - 1
    return struct.pack("<QQ", a, b)


class Image:
    def __init__(self, path):
        with open(path, "rb") as file:
            self.bytes = bytearray(file.read())

    def save(self, path):
        with open(path, "wb") as file:
            file.write(self.bytes)
        return path

    def field(self, offset, form="<Q"):
        return struct.unpack_from(form, self.bytes, offset)[0]

    def set(self, offset, value, form="<Q"):
        struct.pack_into(form, self.bytes, offset, value)

    @property
    def manifest_size(self):
        return self.field(24)

    def table(self, name):
        """(offset, count) of one of the tables."""
        at = CHANNELS_OFFSET if name == "channels" else TABLES_OFFSET + 8 * list(TABLES).index(name)
        return self.field(at, "<I"), self.field(at + 4, "<I")

    def entry(self, name, index):
        offset, count = self.table(name)
        assert index < count
        return offset + index * TABLES[name]

    def payload(self, index):
        """(offset, size, name) of one payload."""
        at = self.entry("payloads", index)
        name = self.bytes[at + PAYLOAD_NAME_OFFSET:at + TABLES["payloads"]].split(b"\0")[0].decode()
        return self.field(at), self.field(at + 8), name

    def sections(self):
        """(name, offset, size) of each part of the image."""
        found = [("header", 0, 256)]
        for name, size in TABLES.items():
            offset, count = self.table(name)
            found.append((name, offset, count * size))
        for index in range(self.table("payloads")[1]):
            offset, size, name = self.payload(index)
            found.append((f"payload {index} ({name})", offset, size))
        return found

    def seal(self):
        """Makes the manifest's own sum right again after a change."""
        self.bytes[SUM_OFFSET:SUM_OFFSET + 16] = bytes(16)
        self.bytes[SUM_OFFSET:SUM_OFFSET + 16] = checksum(self.bytes[:self.manifest_size])
        return self
