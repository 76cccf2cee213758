# SPDX-License-Identifier: Apache-2.0
"""Makes a release in build/release/VERSION/, or refuses.

    tools/release VERSION KEY    VERSION: v1.2 or v1.2-rc1; KEY: a minisign secret key, or `none` for a trial
    tools/release --figure       only the two builds of HEAD: prints release.bit_identical

The committed tree is built twice in environments that differ (reprotest): path,
home, locale, time zone, umask, PATH, address layout, number of CPUs, kernel
version, time. All files must be the same to the byte, or there is no release."""

import filecmp
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parent)]

import changes  # noqa: E402
import environment  # noqa: E402
import sbom  # noqa: E402

ROOT = changes.ROOT
VARIATIONS = ("build_path,environment,home,locales,timezone,umask,exec_path,aslr,num_cpus,kernel")
VERSION = re.compile(r"v\d+\.\d+(\.\d+)?(-rc\d+)?")


class Refused(Exception):
    """Why there is no release."""


def run(*command, **more):
    return subprocess.run([str(word) for word in command], check=True, **more)


def source_archive(version, target):
    """The committed tree and its version, as git writes it: the same bytes for the same revision."""
    with open(target, "wb") as out:
        run("git", "-C", ROOT, "archive", "--format=tar", f"--prefix=skerry-{version}/",
            f"--add-virtual-file=skerry-{version}/.version:{version}", "HEAD", stdout=out)


def build_twice(version, archive, store):
    """Both builds' folders, of what `make dist` made."""
    epoch = changes.git("log", "-1", "--format=%ct").strip()
    with tempfile.TemporaryDirectory(prefix="skerry-release-") as folder:
        run("tar", "-x", "-f", archive, "-C", folder)
        command = f"SOURCE_DATE_EPOCH={epoch} make -s dist > build.log 2>&1 || {{ tail -n 20 build.log; exit 1; }}"
        status = subprocess.run(["reprotest", "--no-diffoscope", "--min-cpus", "1", "--store-dir", str(store),
                                 f"--variations=-all,+{VARIATIONS.replace(',', ',+')}", "-c", command,
                                 f"{folder}/skerry-{version}", "build/dist/*"],
                                env=clean_environment(), check=False).returncode
    builds = sorted(p for p in store.glob("*/source-root/build/dist") if p.is_dir())
    builds = builds or sorted(p for p in store.iterdir() if p.is_dir())
    if len(builds) != 2:
        raise Refused(f"reprotest did not build twice (it says {status}); see above")
    return builds


def clean_environment():
    """No settings of a make that called us: the two builds are on their own."""
    return {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKEOVERRIDES", "MFLAGS", "CONFIG")}


def differing(one, other):
    """Names of files that are not the same bytes in both, or in one alone."""
    names = {str(p.relative_to(side)) for side in (one, other) for p in side.rglob("*") if p.is_file()}
    same, _, _ = filecmp.cmpfiles(one, other, names, shallow=False)
    return sorted(names - set(same))


def check_tree(version):
    if not VERSION.fullmatch(version):
        raise Refused(f"{version} is no version: v1.2, v1.2.3 or v1.2-rc1")
    if changes.git("status", "--porcelain").strip():
        raise Refused("the tree has changes that are not committed")
    tagged = changes.git("tag", "--list", version).strip()
    if tagged and changes.git("rev-parse", f"{version}^{{commit}}") != changes.git("rev-parse", "HEAD"):
        raise Refused(f"{version} is a tag on another commit")


def twice(version, folder):
    archive = folder / f"skerry-{version}.tar"
    source_archive(version, archive)
    with tempfile.TemporaryDirectory(prefix="skerry-builds-") as store:
        one, other = build_twice(version, archive, Path(store))
        wrong = differing(one, other)
        files = [p for p in one.rglob("*") if p.is_file()]
        if wrong or not files:
            raise Refused(f"the two builds differ in {', '.join(wrong) or 'everything'}")
        for file in files:
            shutil.copy(file, folder / file.name)
    run("xz", "-9", "--threads=1", archive)
    return sorted(p for p in folder.iterdir() if p.is_file())


def write_papers(version, folder, files):
    revision = changes.git("rev-parse", "HEAD").strip()
    created = changes.git("log", "-1", "--format=%cd", "--date=format-local:%Y-%m-%dT%H:%M:%SZ").strip()
    pinned = {name.split(":")[0] for name in environment.locked()}
    packages = {n.split(":")[0]: v for n, v in environment.installed().items() if n.split(":")[0] in pinned}
    spdx = sbom.document(version, revision, created, files, packages)
    if wrong := sbom.check(spdx):
        raise Refused(f"the bill of materials is wrong: {wrong[0]}")
    (folder / f"skerry-{version}.spdx.json").write_text(json.dumps(spdx, indent=1) + "\n")
    (folder / "CHANGES.md").write_text(changes.change_log(version, changes.last_release()))
    names = sorted(p.name for p in folder.iterdir())
    with open(folder / "SHA256SUMS", "w", encoding="ascii") as out:
        run("sha256sum", *names, cwd=folder, stdout=out)


def release(version, key):
    check_tree(version)
    folder = ROOT / "build" / "release" / version
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        write_papers(version, folder, twice(version, folder))
        if key != "none":
            run("minisign", "-S", "-s", key, "-m", folder / "SHA256SUMS", "-t", f"skerry {version}")
    except (Refused, subprocess.CalledProcessError):
        shutil.rmtree(folder)  # half a release is none
        raise
    print(f"{folder.relative_to(ROOT)}: two builds agree to the byte"
          + ("; not signed: a trial" if key == "none" else f"; to publish: git tag -s {version}"))


def figure():
    with tempfile.TemporaryDirectory() as folder:
        try:
            twice("v0.0", Path(folder))
            value = 1
        except Refused as why:
            print(f"release: {why}", file=sys.stderr)
            value = 0
    print(f"release.bit_identical\t{value}\tboolean")


def main(arguments):
    os.environ["TZ"] = "UTC"
    try:
        if arguments == ["--figure"]:
            figure()
        elif len(arguments) == 2 and all(arguments):
            release(*arguments)
        else:
            print(__doc__)
            return 2
    except Refused as why:
        print(f"release: refused: {why}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"release: refused: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
