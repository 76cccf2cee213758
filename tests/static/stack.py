#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Bounds the stack of root mode, by the linked hypervisor's own instructions.

    tests/static/stack.py ELF [--figures]

A frame is all that a function's instructions may push or subtract; none may
move the stack pointer by a register. A chain follows direct calls. At an
indirect call it goes on with the deepest of all functions whose address is taken,
whichever it could really be; INDIRECT times in a chain, so that one with more such
calls is bounded only because real ones are shallow there. Cycles
of direct calls (recursion) are errors but for those of RECURSIVE, whose depth is
known, and those with panic in them, which stops at its second time."""

import re
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

LIMIT = 8192 - 1024  # ARENA_STACK_SIZE less what an interrupt in arch_idle takes
INDIRECT = 1
FRAME_LIMIT = 1024
SELF_LIMITING = "panic"
RECURSIVE = {"tree_empty": 4, "tree_fill": 4, "tree_free": 4}  # once a level of page tables


class Function:
    def __init__(self, name):
        self.name, self.frame = name, 8  # the return address
        self.calls, self.constants = set(), set()
        self.indirect = self.moves_by_register = False

    def take(self, text):
        if text.startswith("push"):
            self.frame += 8
        if match := re.match(r"sub\s+\$0x([0-9a-f]+),%rsp", text):
            self.frame += int(match.group(1), 16)
        self.moves_by_register |= bool(re.match(r"(sub|add|and)\s+%\w+,%rsp", text))
        if match := re.match(r"(call|j\w+)\s+([0-9a-f]+) <([^>+]+)>", text):
            if match.group(1) == "call" or match.group(3) != self.name:  # else it is a loop
                self.calls.add(int(match.group(2), 16))
        self.indirect |= bool(re.match(r"(call|jmp)\s+\*", text))
        self.constants |= {int(c, 16) for c in re.findall(r"\$0x([0-9a-f]{16})", text)}


def read_functions(elf):
    """By address."""
    text = subprocess.run(["objdump", "-d", "--no-show-raw-insn", elf], check=True, text=True,
                          stdout=subprocess.PIPE).stdout
    functions, current = {}, None
    for line in text.split("\n"):
        if match := re.match(r"^([0-9a-f]+) <([^>]+)>:$", line):
            current = functions[int(match.group(1), 16)] = Function(match.group(2))
        elif current and "\t" in line:
            current.take(line.split("\t")[-1])
    return functions


def addresses_taken(elf, functions):
    with tempfile.NamedTemporaryFile() as image:  # what is loaded: without symbols and debug information
        subprocess.run(["objcopy", "-O", "binary", elf, image.name], check=True)
        data = Path(image.name).read_bytes()
    taken = {address for address in functions if struct.pack("<Q", address) in data}
    return taken.union(*(f.constants & functions.keys() for f in functions.values()))


class Chains:
    """The deepest chain from each function; `beyond` is what an indirect call leads to."""

    def __init__(self, functions, beyond):
        self.functions, self.beyond = functions, beyond
        self.known, self.path, self.cycles = {}, [], set()

    def deepest(self, address):
        if address in self.path:
            names = [self.functions[a].name for a in self.path[self.path.index(address):]]
            self.cycles.add(tuple(names))
            return 0, ()
        if address not in self.known:
            self.known[address] = self.follow(address)
        return self.known[address]

    def follow(self, address):
        function = self.functions[address]
        self.path.append(address)
        chains = [self.deepest(callee) for callee in function.calls if callee in self.functions]
        self.path.pop()
        size, names = max(chains + ([self.beyond] if function.indirect else []), default=(0, ()))
        times = RECURSIVE.get(function.name, 1)
        return times * function.frame + size, (function.name, *names)


def bound(functions, taken):
    """(bytes, chain, cycles)."""
    beyond = (0, ())
    for _ in range(INDIRECT + 1):
        chains = Chains(functions, beyond)
        worst = max(chains.deepest(address) for address in functions)
        beyond = max((chains.known[address] for address in taken), default=(0, ()))
    return (*worst, chains.cycles)


def main():
    elf = sys.argv[1]
    functions = read_functions(elf)
    size, chain, cycles = bound(functions, addresses_taken(elf, functions))
    wild = sorted(c for c in cycles if SELF_LIMITING not in c and not (len(c) == 1 and c[0] in RECURSIVE))
    frame = max(functions.values(), key=lambda f: f.frame)
    if "--figures" in sys.argv:
        print(f"stack.worst_bytes\t{size}\tbytes\nstack.worst_frame\t{frame.frame}\tbytes")
        return 0
    checks = [
        (f"the deepest chain is {size} bytes of {LIMIT}: {' > '.join(chain)}", size <= LIMIT),
        (f"the largest frame is {frame.frame} bytes of {FRAME_LIMIT}: {frame.name}",
         frame.frame <= FRAME_LIMIT),
        ("no recursion" + "".join(f"; {' > '.join(c)}" for c in wild), not wild),
        ("no frame of a size that is not known", not any(f.moves_by_register for f in functions.values())),
    ]
    for text, good in checks:
        print(f"{'ok' if good else 'WRONG'}: {text}")
    print(f"stack: {sum(g for _, g in checks)} passed, {sum(not g for _, g in checks)} failed")
    return 0 if all(good for _, good in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
