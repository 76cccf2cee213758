# SPDX-License-Identifier: Apache-2.0
"""A client of QEMU's gdbstub: breakpoints, steps, registers and the monitor's commands of a
machine that is stopped. It knows nothing of what runs there. Protocol: "GDB Remote Serial
Protocol" in GDB's manual; registers: the target description that QEMU sends."""

import re
import socket
import time

TIMEOUT = 120.0  # seconds without an answer: the machine hangs


class StubFailed(AssertionError):
    """The machine has ended, or does not answer."""


class Stub:
    def __init__(self, path):
        self._pending = b""
        self._socket = self._connect(path)
        self._layout = self._registers_layout()
        self.thread = 1  # the CPU that stopped last, counted from 1

    @staticmethod
    def _connect(path):
        for _ in range(200):
            try:
                client = socket.socket(socket.AF_UNIX)
                client.settimeout(TIMEOUT)
                client.connect(path)
                return client
            except OSError:
                time.sleep(0.05)
        raise StubFailed("the emulator did not open its gdbstub")

    # --- packets -------------------------------------------------------------

    def _more(self):
        try:
            data = self._socket.recv(65536)
        except OSError as error:
            raise StubFailed("the machine does not answer") from error
        if not data:
            raise StubFailed("the machine has ended")
        self._pending += data

    def _receive(self):
        while True:
            start, end = self._pending.find(b"$"), self._pending.find(b"#")
            if 0 <= start < end <= len(self._pending) - 3:
                break
            self._more()
        packet, self._pending = self._pending[start + 1:end], self._pending[end + 3:]
        self._socket.sendall(b"+")
        return packet

    def send(self, text):
        data = text.encode()
        self._socket.sendall(b"$" + data + b"#%02x" % (sum(data) & 0xff))

    def ask(self, text):
        self.send(text)
        return self._receive()

    def _expect_ok(self, text):
        answer = self.ask(text)
        if answer != b"OK":
            raise StubFailed(f"{text}: {answer!r}")

    # --- registers -----------------------------------------------------------

    def _document(self, name):
        text, offset = "", 0
        while True:
            part = self.ask(f"qXfer:features:read:{name}:{offset:x},ffb").decode()
            text, offset = text + part[1:], offset + len(part) - 1
            if part[0] == "l":
                return re.sub("<!--.*?-->", "", text, flags=re.S)

    def _registers_layout(self):
        """{name: (offset, bytes)} in the answer to `g`."""
        layout, offset = {}, 0
        target = self._document("target.xml")
        for name in re.findall(r'<xi:include href="([^"]+)"', target):
            for reg in re.findall(r"<reg ([^>]*)/>", self._document(name)):
                size = int(re.search(r'bitsize="(\d+)"', reg)[1]) // 8
                layout[re.search(r'name="([^"]+)"', reg)[1]] = (offset, size)
                offset += size
        return layout

    def registers(self, thread=None):
        """{name: value} of one CPU."""
        self._expect_ok(f"Hg{thread or self.thread:x}")
        data = bytes.fromhex(self.ask("g").decode().replace("x", "0"))
        return {name: int.from_bytes(data[at:at + size], "little") for name, (at, size) in self._layout.items()
                if at + size <= len(data)}

    # --- running -------------------------------------------------------------

    def break_at(self, address):
        self._expect_ok(f"Z0,{address:x},1")

    def break_off(self, address):
        self._expect_ok(f"z0,{address:x},1")

    def _stopped(self):
        while True:
            answer = self._receive()
            if answer[:1] == b"O":
                continue  # text of the monitor
            if answer[:1] in b"WX":
                raise StubFailed("the machine has ended")
            self.thread = int(re.search(rb"thread:(?:p\d+\.)?([0-9a-f]+)", answer)[1], 16)
            return self.thread

    def go(self):
        """Runs all CPUs until one stops, and returns which."""
        self.send("vCont;c")
        return self._stopped()

    def step(self):
        """One instruction of the CPU that stopped last; the others stand."""
        self.send(f"vCont;s:{self.thread:x}")
        return self._stopped()

    def monitor(self, command):
        """A command of QEMU's monitor."""
        self.send("qRcmd," + command.encode().hex())
        while self._receive() != b"OK":
            pass
