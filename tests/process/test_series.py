# SPDX-License-Identifier: Apache-2.0
"""tools/series on a small repository of its own: sources, verdicts, answers, cells, and
being killed at any step. The whole set of seeded series: tests/process/seeds.py."""

import email
import email.policy
import mailbox
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from repository import ROOT

sys.path.insert(0, str(ROOT / "tools/series"))

import coverage  # noqa: E402
import judge  # noqa: E402
import reply  # noqa: E402
import seeds  # noqa: E402
import source  # noqa: E402
from cell import Cell  # noqa: E402

# What the steps call, for a tree in which `bug` in a.c breaks the build.
TREE = {
    "Makefile": "tool hv guests bench-guests:\n\t@sleep 0.2; ! grep bug a.c\n",
    "aDOTc": "int a;\n",
    "tests__guest__runDOTpy": "",
    "tools__bench": "open('tests/bench/budgets.yaml', 'w').write('call.null: %d' % len(open('a.c').read()))\n",
    "tests__bench__budgetsDOTyaml": "call.null: 8\n",
    "tests__lint__test_aDOTpy": "def test_a():\n  assert 'ugly' not in open('a.c').read()\n",
}


class Series:
    """A desk for a small repository, and series for it."""

    def __init__(self, repository, folder):
        self.repository, self.folder = repository, folder
        self.base = repository.commit("Start", **TREE)

    def mbox(self, *texts, prefix="PATCH", **files):
        """Each text makes a.c, in a patch of its own."""
        out = self.folder / f"mails-{len(list(self.folder.iterdir()))}"
        for number, text in enumerate(texts, 1):
            self.repository.commit(f"Change {number}", aDOTc=text, **files)
        self.repository.git("format-patch", "-q", "--thread", "--cover-letter", f"--base={self.base}",
                            f"--subject-prefix={prefix}", "--to=list@example.org", "--cc=other@example.org", "-o", str(out), self.base)
        self.repository.git("reset", "-q", "--hard", self.base)
        file = out.with_suffix(".mbox")
        file.write_text("".join(f.read_text() for f in sorted(out.iterdir())))
        return file

    def command(self, *words):
        return [sys.executable, str(ROOT / "tools/series"), *map(str, words), "--state", str(self.folder / "desk"),
                "--repository", str(self.repository.path)]

    def run(self, *words):
        return subprocess.run(self.command(*words), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              check=False)

    def rows(self, query):
        database = self.folder / "desk/state.sqlite"
        if not database.exists():
            return []
        try:
            return sqlite3.connect(database).execute(query).fetchall()
        except sqlite3.OperationalError:
            return []  # it is just being made

    def answer(self, number=1):
        return email.message_from_bytes((self.folder / f"desk/outbox/{number}.eml").read_bytes(),
                                        policy=email.policy.default)


@pytest.fixture
def series(repository, tmp_path):
    (tmp_path / "work").mkdir()
    return Series(repository, tmp_path / "work")


def test_good_series(series):
    run = series.run("test", series.mbox("int b;\n", "int c;\n"))
    assert run.returncode == 0 and "green" in run.stdout, run.stdout + series.run("show", 1).stdout
    mail = series.answer()
    assert mail["Subject"].startswith("Re: [PATCH 0/2]") and mail["In-Reply-To"]
    assert "1/2 Change 1" in mail.get_content() and "2/2 Change 2" in mail.get_content()
    assert "A Tester <tester@example.org>" in mail["To"] and mail["Date"]
    assert {a.addr_spec for a in mail["Cc"].addresses} == {"list@example.org", "other@example.org"}
    assert mail.get_content_type() == "text/plain" and max(map(len, mail.get_content().splitlines())) < 80


def test_gate_is_the_series_own(series):
    """A budget may be raised by a change that says so; the answer shows what it costs."""
    mbox = series.mbox("int a_name_that_costs_more;\n", tests__bench__budgetsDOTyaml="call.null: 40\n")
    assert series.run("test", mbox).returncode == 0
    assert re.search(r"call\.null +7 -> +28  \+21 \(\+300\.0 %\)", series.answer().get_content())


def test_nonsense_from_a_series_is_red(series):
    mbox = series.mbox("int b;\n", tools__bench="open('tests/bench/budgets.yaml', 'w').write('[{')\n")
    assert series.run("test", mbox).returncode == 1
    assert "First failure: gate, " in series.answer().get_content()


@pytest.mark.parametrize("texts, step", [
    (["int b;\n", "int bug;\n", "int c;\n"], "patch 2, build"), (["int ugly;\n"], "lint"),
    (["int a_name_that_costs_more;\n"], "gate")])
def test_red_series(series, texts, step):
    assert series.run("test", series.mbox(*texts)).returncode == 1
    assert f"First failure: {step}, " in series.answer().get_content()


def test_missing_patch_is_red(series):
    mbox = series.mbox("int b;\n", "int c;\n")
    mbox.write_text(mbox.read_text()[:mbox.read_text().index("Subject: [PATCH 2/2]")].rpartition("\nFrom ")[0] + "\n")
    assert series.run("test", mbox).returncode == 1
    assert "First failure: take, " in series.answer().get_content()


def test_maildir_is_watched(series):
    box = mailbox.Maildir(series.folder / "box")
    messages = list(mailbox.mbox(series.mbox("int b;\n", "int c;\n")))
    for message in messages[:-1]:
        box.add(message)
    series.run("watch", series.folder / "box", "--once")
    assert series.rows("SELECT * FROM series") == []  # the last patch has not come
    box.add(messages[-1])
    assert series.run("watch", series.folder / "box", "--once").returncode == 0
    assert [row[0] for row in series.rows("SELECT verdict FROM series")] == ["green"]
    assert not os.listdir(series.folder / "box/new")


def test_public_inbox(series, tmp_path):
    messages = list(mailbox.mbox(series.mbox("int b;\n")))
    mirror = tmp_path / "mirror/git/0.git"
    mirror.mkdir(parents=True)
    git = ["git", "-C", str(mirror), "-c", "user.name=I", "-c", "user.email=i@example.org"]
    subprocess.run([*git, "init", "-q"], check=True)
    for message in [*messages, email.message_from_string("Message-ID: <other@x>\nSubject: [PATCH] other\n\nno\n")]:
        (mirror / "m").write_bytes(bytes(message))
        subprocess.run([*git, "add", "m"], check=True)
        subprocess.run([*git, "commit", "-q", "-m", "mail"], check=True)
    wanted = str(messages[-1]["Message-ID"]).strip()
    thread = source.from_inbox(tmp_path / "mirror", wanted)
    assert [str(m["Message-ID"]).strip() for m in thread] == [str(m["Message-ID"]).strip() for m in messages]


def kill_after(series, process, steps):
    """Kills the process group as soon as so many steps are recorded."""
    end = time.monotonic() + 60
    while len(series.rows("SELECT * FROM steps")) < steps and process.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_survives_kills(series):
    """Killed after each step in turn, it ends with the verdict and the answer of an undisturbed run."""
    mbox = series.mbox("int b;\n", "int c;\n")
    words, kills = ("test", mbox), 0
    for steps in range(0, 10):
        process = subprocess.Popen(series.command(*words), start_new_session=True, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        kill_after(series, process, steps)
        kills += process.returncode == -signal.SIGKILL
        if series.rows("SELECT * FROM series"):
            words = ("resume",)
    assert kills >= 5 and series.run("resume").returncode == 0
    assert series.rows("SELECT verdict, replied FROM series") == [("green", 1)]
    names = [row[0] for row in series.rows("SELECT patch || name FROM steps")]
    assert len(names) == len(set(names)) and {"1build", "2build", "0gate"} <= set(names)
    assert "2/2 Change 2" in series.answer().get_content()


def cell(tmp_path):
    for name in ("tree", "mail", "ccache"):
        (tmp_path / name).mkdir()
    found = Cell(7, tmp_path / "tree", tmp_path / "mail", tmp_path / "ccache")
    found.own()
    return found


def test_cell_keeps_in(tmp_path):
    own = cell(tmp_path)
    assert own.run("touch", "/src/mine").status == 0
    for place in ("/", "/etc", "/usr", "/mail", "/ccache", str(tmp_path)):
        assert own.run("touch", f"{place}/x").status != 0
    assert own.run("ls", str(Path.home()), "/root").status != 0
    if os.geteuid() == 0:
        assert own.run("id", "-u").output.strip() == str(own.uid) and own.uid != 0


def test_cell_runs_the_gate(tmp_path):
    """Its program starts there, with all that it imports."""
    own = cell(tmp_path)
    for folder in ("tools", "tests/bench"):
        shutil.copytree(ROOT / folder, own.tree / folder)
    own.own()
    result = own.run("/usr/bin/python3", "tools/bench", "gate", "--help")
    assert result.status == 0, result.output


def test_cell_has_no_network(tmp_path):
    output = cell(tmp_path).run("cat", "/proc/net/dev").output
    assert "lo:" in output and len(output.splitlines()) == 3


def test_cell_ends_what_takes_too_long(tmp_path):
    start = time.monotonic()
    result = cell(tmp_path).run("sh", "-c", "sleep 60 & sleep 60", seconds=1)
    assert result.status == 124 and time.monotonic() - start < 20


def test_seeds_can_be_made(tmp_path):
    """The lines that the seeds replace are there; what they are judged to be: make series-seeds."""
    maker = seeds.Maker(tmp_path)
    made = [maker.mbox(seed) for seed in seeds.seeds(1)]
    assert len(made) == 20 and all(file.stat().st_size for file in made)


def test_tests_by_path():
    wanted = judge.tests_of(["hv/core/frame.c"])
    assert "memory_scrubbed" in wanted["guests"] and any(name.startswith("core_") for name in wanted["unit"])
    assert judge.tests_of(["hv/arch/x86_64/vmx/exit.c"])["intel"] and judge.tests_of(["docs/a.md"])["unit"] == []
    assert "hello_again" in judge.tests_of(["tests/guest/hello_again.c", "tests/guest/rt/x.c"])["guests"]


def test_rules_by_path_name_what_exists():
    rules = yaml.safe_load((ROOT / "tools/series/paths.yaml").read_text())
    for path, wants in [("tests", rules["always"]), *rules["paths"].items()]:
        assert (ROOT / path).is_dir(), path
        for guest in wants.get("guests", []) + wants.get("intel", []):
            assert list(ROOT.glob(f"tests/guest/**/{guest}.c")), guest


GCOV = '{"files": [{"file": "hv/a.c", "lines": [{"line_number": 1, "count": 2}, {"line_number": 3, "count": 0}]}]}'


def test_lines_run():
    """Of a file that two programs are made of, a line that one of them runs is run."""
    other = GCOV.replace('"count": 0', '"count": 5')
    assert coverage.lines_run(f"make: nothing\n{GCOV}\n{other}\n", ["hv/a.c"]) == {"hv/a.c": {1: 4, 3: 5}}
    assert coverage.share({1: 4, 3: 0}) == (1, 2) and coverage.lines_run(GCOV, ["hv/b.c"]) == {}


def test_added_lines():
    assert coverage.added_lines("@@ -1,2 +3,2 @@ f\n@@ -9 +12 @@\n@@ -20,3 +22,0 @@\n") == [3, 4, 12]


def test_answer_headers_are_one_line():
    assert reply.one_line("a\r\nBcc: everybody@example.org") == "a Bcc: everybody@example.org"
