# SPDX-License-Identifier: Apache-2.0
"""Releases: the change log, the bill of materials, the refusals, and one whole trial."""

import importlib.util
import json
import os
import subprocess
import sys
import tarfile

import pytest

from repository import ROOT

sys.path.insert(0, str(ROOT / "tools" / "release"))

import advisory  # noqa: E402
import changes  # noqa: E402
import environment  # noqa: E402
import sbom  # noqa: E402
from machine import Machine, qemu_arguments  # noqa: E402

SPEC = importlib.util.spec_from_file_location("release_main", ROOT / "tools/release/__main__.py")
MAIN = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(MAIN)
OVMF = "/usr/share/ovmf/OVMF.fd"

DIFF = "--- a/abi/xen/a.h\n+++ b/abi/xen/a.h\n@@ -1 +1 @@\n"
LEVELS = [("+#define A 1\n", "adds"), ("-#define A 1\n+#define A 2\n", "breaks"), ("+/* why */\n", "none"),
          ("-  uint32_t a;  /* old words */\n", "breaks"), ("- * old words\n+ * new words\n", "none"), ("", "none")]


@pytest.mark.parametrize("diff, level", LEVELS)
def test_level_of_a_diff(diff, level):
    assert changes.level_of_diff(DIFF + diff) == level


def test_change_log(repository):
    repository.commit("Start", abi__xen__aDOTh="#define A 1\n")
    repository.git("tag", "v1.0")
    repository.commit("Number anew", abi__xen__aDOTh="#define A 2\n")
    repository.commit("Widen the image", abi__manifest__mDOTh="int more;\n")
    repository.commit("Rename inside\n\nABI: none", abi__xen__aDOTh="#define B 2\n")
    repository.commit("Write a page", docs__a="text\n")
    assert changes.last_release(repository.path) == "v1.0"
    text = changes.change_log("v1.1", "v1.0", repository.path)
    breaking, adding, rest = (text.split(f"## {head}\n")[1] for head in ("ABI: may break", "ABI: additions", "Changes"))
    assert "Number anew" in breaking.split("##")[0] and "): guests" in breaking
    assert "Widen the image" in adding.split("##")[0] and "): compiled images" in adding
    assert "Rename inside" in rest and "Write a page" in rest and "Start" not in text


def test_sbom(tmp_path):
    file = tmp_path / "skerry.iso"
    file.write_bytes(b"disc")
    spdx = sbom.document("v1.0", "abc", "2026-01-01T00:00:00Z", [file], {"musl-dev": "1.2.3-1", "gcc": "4:12"})
    assert sbom.check(spdx) == []
    kinds = {(r["spdxElementId"], r["relationshipType"]) for r in spdx["relationships"]}
    assert ("SPDXRef-Package-skerry", "STATIC_LINK") in kinds
    assert ("SPDXRef-Package-gcc", "BUILD_DEPENDENCY_OF") in kinds
    spdx["files"][0]["SPDXID"] = "SPDXRef-Elsewhere"
    assert sbom.check(spdx) == ["SPDXRef-File-skerry.iso is not there"]


def release(*words, folder=ROOT):
    return subprocess.run([sys.executable, ROOT / "tools/release", *words], cwd=folder, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)


def test_refuses_what_is_no_version():
    run = release("1.2; true", "none")
    assert run.returncode == 1 and "is no version" in run.stdout


def build_small(recipe, tmp_path, monkeypatch):
    """A release of a tree whose `make dist` is this recipe; its files, or Refused."""
    tree = tmp_path / "skerry-v0.1"
    tree.mkdir()
    (tree / "Makefile").write_text(f"dist:\n\t@mkdir -p build/dist; {recipe} > build/dist/made\n")

    def archive(_version, target):
        with tarfile.open(target, "w") as out:
            out.add(tree, tree.name)
    monkeypatch.setattr(MAIN, "source_archive", archive)
    folder = tmp_path / "release"
    folder.mkdir()
    return [file.name for file in MAIN.twice("v0.1", folder)]


def test_two_equal_builds(tmp_path, monkeypatch):
    assert build_small("echo $$SOURCE_DATE_EPOCH", tmp_path, monkeypatch) == ["made", "skerry-v0.1.tar.xz"]


@pytest.mark.parametrize("recipe", ["pwd", "nproc", "date +%H", "umask", "echo $$HOME", "echo $$LANG", "uname -r",
                                    "echo $$(($$(nproc) - 1)) > build/dist/made.$$$$; echo"])
def test_refuses_builds_that_differ(recipe, tmp_path, monkeypatch):
    """What a build takes from its surroundings is seen; reprotest really runs here."""
    with pytest.raises(MAIN.Refused, match="the two builds differ in made"):
        build_small(recipe, tmp_path, monkeypatch)


def test_refuses_a_build_that_fails(tmp_path, monkeypatch):
    with pytest.raises(MAIN.Refused, match="did not build twice"):
        build_small("false", tmp_path, monkeypatch)


ADVISORY = """# SSA-2026-01: A leak

- CVE: CVE-2026-12345
- Reported: 2026-01-05
- Published: 2026-02-10
- Severity: high
- Affected: v1.0 to v1.2
- Mended in: v1.3
""" + "".join(f"\n## {section}\n\nWords.\n" for section in advisory.SECTIONS)
FAULTS = [("SSA-2026-01", "SSA-2026-02", "name differ"), ("CVE-2026-12345", "soon", "CVE"), ("Words.", "TODO", "not written"),
          ("2026-02-10", "2026-02-11", "batch day"), ("2026-02-10", "2026-01-01", "before it was reported"),
          ("2026-02-10", "2026-06-09", "at most 90"), ("high", "bad", "Severity")]


def test_advisory():
    assert advisory.check("SSA-2026-01", ADVISORY) == []
    fresh = advisory.check("SSA-2026-01", advisory.template("2026-01", "A leak"))
    assert len(fresh) == len(advisory.FIELDS) + len(advisory.SECTIONS)


def test_advisory_is_started_once(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(advisory, "FOLDER", tmp_path / "advisories")
    assert advisory.main(["check"]) == 0 and advisory.main(["new", "2026-01", "A leak"]) == 0
    assert advisory.main(["check"]) == 1 and "SSA-2026-01.md: CVE" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="there already"):
        advisory.main(["new", "2026-01", "A leak"])


@pytest.mark.parametrize("good, bad, message", FAULTS)
def test_advisory_faults(good, bad, message):
    assert any(message in what for what in advisory.check("SSA-2026-01", ADVISORY.replace(good, bad, 1)))


@pytest.mark.slow
def test_whole_release(tmp_path):
    """A signed one of what is committed, in a clone, and what a user does with it."""
    clone = tmp_path / "skerry"
    subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
    key, public = tmp_path / "key", tmp_path / "key.pub"
    subprocess.run(["minisign", "-G", "-W", "-s", key, "-p", public], check=True, stdout=subprocess.DEVNULL)
    run = subprocess.run(["make", "-s", "release", "VERSION=v0.1", f"KEY={key}"], cwd=clone, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert run.returncode == 0 and "agree to the byte" in run.stdout, run.stdout
    folder = clone / "build/release/v0.1"
    for check in (["minisign", "-V", "-p", public, "-m", "SHA256SUMS"], ["sha256sum", "-c", "SHA256SUMS"]):
        subprocess.run(check, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    assert sbom.check(json.loads(next(folder.glob("*.spdx.json")).read_text())) == []
    boots(folder / "skerry-v0.1.iso", tmp_path)
    installs(next(folder.glob("*.deb")))
    (folder / "skerry-v0.1.iso").open("ab").write(b"x")
    assert subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=folder, stderr=subprocess.DEVNULL,
                          check=False).returncode


def boots(iso, tmp_path):
    """On both firmwares, until one domain of the example has felt the pulse of the other."""
    for name, firmware in (("bios", []), ("uefi", ["-bios", OVMF])):
        with Machine(qemu_arguments(extra=[*firmware, "-cdrom", iso]), tmp_path / f"{name}.log") as machine:
            machine.wait("there is a pulse", "watch", 150)


INSTALL = """set -e; cp "$PACKAGE" "$1/tmp/"
chroot "$1" apt-get install -q -y --no-install-recommends /tmp/skerry_0.1_amd64.deb
chroot "$1" skerry --version
chroot "$1" skerry report /usr/lib/skerry/images/pulse.img
chroot "$1" apt-get remove -q -y skerry; ! test -e "$1/usr/lib/skerry"
"""


def installs(package):
    """In a root file system with nothing but apt; it is gone when the test ends."""
    mode = "root" if os.geteuid() == 0 else "unshare"
    run = subprocess.run(["mmdebstrap", "--quiet", f"--mode={mode}", "--variant=apt", "--format=null",
                          f"--customize-hook={INSTALL}", environment.SUITE, "-", str(environment.sources())],
                         env={**os.environ, "PACKAGE": str(package)}, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         check=False)
    assert run.returncode == 0, run.stdout
    assert "skerry v0.1" in run.stdout and "Built with" in run.stdout
