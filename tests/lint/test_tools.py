# SPDX-License-Identifier: Apache-2.0
"""The build's own programs: what they count, cut and write."""

import subprocess
import sys

import pytest

import tree

sys.path.insert(0, str(tree.ROOT / "tools"))

import assure  # noqa: E402
import check  # noqa: E402
import machine  # noqa: E402

COUNTED = [
    ("38 passed in 0.42s", (38, 0)),
    ("3 failed, 38 passed, 2 deselected in 1.42s", (38, 3)),
    ("[  PASSED  ] 12 test(s).", (12, 0)),
    ("[  FAILED  ] 1 test(s), listed below:", (0, 1)),
    ("7 passed, 2 failed", (7, 2)),
    ("the text says 7 passed", (0, 0)),
]


@pytest.mark.parametrize("line, counts", COUNTED)
def test_check_counts(line, counts):
    assert check.count(line) == counts


FIGURES = [
    ("audit.samples.exit\t19402\tsamples\n", ["audit.samples.exit", "19402", "samples"]),
    ("  figure: hostile.lives 14 lives\n", ["hostile.lives", "14", "lives"]),
    ("audit: 9 passed, 1 failed\n", None),
]


@pytest.mark.parametrize("line, figure", FIGURES)
def test_assure_takes_figures(line, figure):
    match = assure.FIGURE.match(line)
    assert (match and [word for word in match.groups() if word]) == figure


LINES = [
    ("[one] hello", ("one", "hello")),
    ("[one] ", ("one", "")),
    ("skerry: refused: reason=version", ("skerry", "refused: reason=version")),
    ("SeaBIOS", ("", "SeaBIOS")),
    ("[    1.5] not a name", ("", "[    1.5] not a name")),
    ("(d1) measure: x 1 ns", ("d1", "measure: x 1 ns")),
    ("(XEN) HVM d1 save: PIT", ("", "(XEN) HVM d1 save: PIT")),
]


@pytest.mark.parametrize("text, expected", LINES)
def test_console_origin(text, expected):
    line = machine.parse_line(0, text)
    assert (line.origin, line.text) == expected


def tool(name, *arguments, text=""):
    run = subprocess.run([sys.executable, tree.ROOT / "tools" / name, *arguments], input=text,
                         text=True, cwd=tree.ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         check=False)
    return run.returncode, run.stdout + run.stderr


def test_symbol_table(tmp_path):
    names = "0000000000001000 T _text\n0000000000001010 t b\n0000000000001010 t c\n0000000000002000 D d\n"
    status, assembly = tool("gen-symbols.py", tmp_path / "table", text=names)
    assert status == 0 and ".long 1\n" in assembly
    assert (tmp_path / "table").read_bytes() == b"\x10\0\0\0" + b"\0\0\0\0" + b"b\0\0"


def test_unknown_option_is_refused(tmp_path):
    (tmp_path / "fragment").write_text("CONFIG_NO_SUCH_OPTION=y\n")
    status, text = tool("kconfig.py", tmp_path / "fragment", tmp_path / "config")
    assert status != 0 and "NO_SUCH_OPTION" in text


def test_initramfs_is_reproducible(tmp_path):
    for output in ("a", "b"):
        assert tool("mkinitramfs.py", __file__, __file__, tmp_path / output)[0] == 0
    archive = (tmp_path / "a").read_bytes()
    assert archive == (tmp_path / "b").read_bytes()
    assert archive.startswith(b"070701") and b"TRAILER!!!" in archive and len(archive) % 4 == 0
