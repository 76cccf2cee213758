# SPDX-License-Identifier: Apache-2.0
"""Releases: the change log, the bill of materials, the refusals, and one whole trial."""

import json
import subprocess
import sys

import pytest

from repository import ROOT

sys.path.insert(0, str(ROOT / "tools" / "release"))

import advisory  # noqa: E402
import changes  # noqa: E402
import sbom  # noqa: E402

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
    listing = subprocess.run(["dpkg-deb", "-c", *folder.glob("*.deb")], text=True, stdout=subprocess.PIPE, check=True)
    for name in ("/usr/bin/skerry", "/usr/lib/skerry/skerry-hv-default.elf", "/usr/lib/skerry/services/store.elf"):
        assert name in listing.stdout
    assert sbom.check(json.loads(next(folder.glob("*.spdx.json")).read_text())) == []
