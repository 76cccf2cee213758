# SPDX-License-Identifier: Apache-2.0
"""The tree as the lint rules see it: which files there are, and what a C file
holds. This is no C parser: it relies on the layout that clang-format gives."""

import os
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Function:
    name: str
    first: int  # line numbers from 1, the closing brace included
    last: int

    @property
    def lines(self):
        return self.last - self.first + 1


class Source:
    """A text file: its path from the root, its text, and views of it."""

    def __init__(self, path, text):
        self.path = path
        self.text = text

    @cached_property
    def lines(self):
        return self.text.split("\n")[: -1 if self.text.endswith("\n") else None]

    @cached_property
    def code(self):
        """The lines with comments and strings blanked, for C files."""
        return blank(self.text).split("\n")[: len(self.lines)]

    @cached_property
    def includes(self):
        """(line number, name) of each #include."""
        pattern = re.compile(r'\s*#\s*include\s+[<"]([^>"]+)[>"]')
        found = ((n, pattern.match(line)) for n, line in enumerate(self.lines, 1))
        return [(n, match.group(1)) for n, match in found if match]

    @cached_property
    def functions(self):
        return list(find_functions(self.code))

    def under(self, *folders):
        return self.path.startswith(tuple(folder + "/" for folder in folders))

    @property
    def is_c(self):
        return self.path.endswith((".c", ".h"))


def blank(text):
    """Replaces comments and literals by spaces, keeping every line break."""
    pattern = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)

    def spaces(match):
        found = match.group(0)
        if found.startswith('"') and re.search(r"#\s*include\s+$", text[: match.start()][-20:]):
            return found
        return re.sub(r"[^\n]", " ", found)

    return pattern.sub(spaces, text)


def find_functions(code):
    """Blocks at the top level that start behind a parameter list."""
    head, start, inside = [], 0, None
    for number, line in enumerate(code, 1):
        if inside:
            if line.startswith("}"):
                yield Function(inside, start, number)
                head, inside = [], None
            continue
        if not line.strip() or line.startswith(("#", "}", "/")) or line.rstrip().endswith((";", "\\")):
            head = []
            continue
        start = start if head else number
        head.append(line)
        if line.rstrip().endswith("{"):
            inside = function_name(" ".join(head))
            head = []


def function_name(head):
    """The name, if this is the head of a function's definition."""
    match = re.match(r"[^=(]*?(\w+)\((?!\()", re.sub(r"__attribute__\s*\(\(.*?\)\)", "", head))
    return match.group(1) if match and match.group(1) not in ("_Static_assert",) else None


SKIPPED = {".git", "build", "__pycache__", ".pytest_cache", ".config", ".config.old",
           "corpus"}  # of the fuzzers: inputs, no text of ours


@lru_cache
def sources():
    """Every text file of the tree."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = sorted(set(folders) - SKIPPED)
        for name in sorted(set(names) - SKIPPED):
            file = Path(folder) / name
            data = b"\0" if file.is_symlink() else file.read_bytes()
            if b"\0" not in data:
                found.append(Source(str(file.relative_to(ROOT)), data.decode("utf-8", "replace")))
    return found
