#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The build environment: one list of packages (tools/packages.txt), the versions
that stand for it (tools/environment.lock), and a root file system made of them.

    tools/environment.py rootfs          make the root file system, unless it is cached; print its path
    tools/environment.py lock            make it anew and write the lock file from it
    tools/environment.py verify [ROOT]   compare ROOT's packages (this machine's) with the lock file
    tools/environment.py run COMMAND...  run a command on a clean clone inside the root file system
    tools/environment.py stamp FILE      write the C header that `skerry build` records in images

It installs nothing into this machine, and takes packages from where this
machine's apt takes Debian's; $SKERRY_SOURCES names another sources file, such
as one of a snapshot. The root file system stands in the cache (~/.cache/skerry,
or $SKERRY_CACHE)."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIST = ROOT / "tools" / "packages.txt"
LOCK = ROOT / "tools" / "environment.lock"
CACHE = Path(os.environ.get("SKERRY_CACHE") or Path.home() / ".cache" / "skerry")
SUITE = "bookworm"
BUILDERS = ("gcc-12", "binutils", "libc6-dev", "musl-dev", "make")  # what the report names
KEEP_LISTS_DATE = 'mkdir "$1/var/lib/skerry" && cp "$1"/var/lib/apt/lists/*_InRelease "$1/var/lib/skerry/"'
QUERY = ["dpkg-query", "-W", "-f", "${Package}:${Architecture} ${Version} ${db:Status-Status}\n"]


def wanted():
    """The packages of the list."""
    return [word for line in LIST.read_text().splitlines() for word in line.split("#")[0].split()]


def locked():
    """What the lock file says: {package:architecture: version}."""
    lines = LOCK.read_text().splitlines() if LOCK.exists() else []
    return dict(line.split() for line in lines if line and not line.startswith("#"))


def installed(root=None):
    """The same of this machine, or of a root file system."""
    where = [f"--admindir={root}/var/lib/dpkg"] if root else []
    text = subprocess.run([QUERY[0], *where, *QUERY[1:]], stdout=subprocess.PIPE, text=True,
                          check=True).stdout
    rows = (line.split() for line in text.splitlines())
    return {row[0]: row[1] for row in rows if row[-1] == "installed"}


def differences(pinned, have):
    return [f"{name}: {have.get(name, 'absent')}, not {version}"
            for name, version in sorted(pinned.items()) if have.get(name) != version]


# --- The root file system ------------------------------------------------------


def sources():
    """The apt sources of Debian that this machine uses, or those that were asked for."""
    if os.environ.get("SKERRY_SOURCES"):
        return Path(os.environ["SKERRY_SOURCES"])
    for name in ("/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list"):
        if Path(name).exists() and SUITE in Path(name).read_text():
            return Path(name)
    sys.exit(f"environment: no apt sources of {SUITE} here: name a file in SKERRY_SOURCES")


def key():
    """What the cached root file system is known by: whatever it was made from."""
    return hashlib.sha256("\n".join([SUITE, *sorted(wanted()), str(sorted(locked().items()))]).encode()).hexdigest()[:16]


def make_rootfs(target):
    """mmdebstrap makes it without a container engine; as an ordinary user too (user namespaces)."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(dir=target.parent, prefix="making."))
    part.chmod(0o755)
    mode = "root" if os.geteuid() == 0 else "unshare"
    try:
        subprocess.run(["mmdebstrap", "--quiet", f"--mode={mode}", "--variant=apt", "--format=directory",
                        "--dpkgopt=path-exclude=/usr/share/man/*", "--dpkgopt=path-exclude=/usr/share/doc/*",
                        f"--customize-hook={KEEP_LISTS_DATE}", f"--include={','.join(wanted())}", SUITE, str(part), str(sources())],
                       check=True, stdout=sys.stderr)
        part.rename(target)  # last: its presence says complete
    finally:
        if part.exists():
            shutil.rmtree(part, ignore_errors=True)


def verify(root=None):
    wrong = differences(locked(), installed(root))
    for line in wrong:
        print(f"environment: {line}", file=sys.stderr)
    return not wrong and bool(locked())


def rootfs():
    target = CACHE / f"rootfs-{key()}"
    if not target.exists():
        make_rootfs(target)
        if not verify(target):
            target.rename(target.with_name("rootfs-differs"))
            sys.exit("environment: the packages are not those of the lock file: point SKERRY_SOURCES at the "
                     "snapshot that it names, or make a new one (make environment-lock)")
    return target


def lock():
    target = CACHE / "rootfs-new"
    if target.exists():
        shutil.rmtree(target)
    make_rootfs(target)
    date = release_date(target)
    have = sorted(installed(target).items())
    head = ["# SPDX-License-Identifier: Apache-2.0",
            f"# Written by `make environment-lock`: tools/packages.txt and all that it needs, as of Debian {SUITE}",
            f"# at {date} (a snapshot of that time has these versions)."]
    LOCK.write_text("\n".join(head + [f"{name} {version}" for name, version in have]) + "\n")
    final = CACHE / f"rootfs-{key()}"
    if final.exists():
        shutil.rmtree(final)
    target.rename(final)
    print(f"environment: {len(have)} packages as of {date}")


def release_date(root):
    """When the newest of its package lists was made, by their own words."""
    dates = [m.group(1) for f in (root / "var/lib/skerry").iterdir()
             for m in [re.search(r"^Date: (.*)$", f.read_text(errors="replace"), re.MULTILINE)] if m]
    parsed = [subprocess.run(["date", "-u", "-d", d, "+%Y%m%dT%H%M%SZ"], stdout=subprocess.PIPE, text=True,
                             check=True).stdout.strip() for d in dates]
    return max(parsed, default="an unknown time")


# --- Inside it -------------------------------------------------------------------


def inside(root, source, command):
    """The command in `root`: no network, /src is the source, nothing else of this machine."""
    return ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--bind", str(root), "/",
            "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--bind", str(source), "/src", "--chdir", "/src",
            "--clearenv", "--setenv", "PATH", "/usr/sbin:/usr/bin:/sbin:/bin", "--setenv", "HOME", "/tmp",
            "--setenv", "LC_ALL", "C.UTF-8", *command]


def run(command):
    root = rootfs()
    with tempfile.TemporaryDirectory(prefix="skerry-environment-") as folder:
        subprocess.run(["git", "clone", "-q", "--no-hardlinks", str(ROOT), f"{folder}/src"], check=True)
        return subprocess.run(inside(root, f"{folder}/src", command), check=False).returncode


# --- What images record ----------------------------------------------------------


def version():
    """The revision; in a release's tarball, what it says of itself."""
    said = ROOT / ".version"
    if said.exists():
        return said.read_text().strip()
    git = subprocess.run(["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=12"], text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return git.stdout.strip() or "unknown"


def description():
    """Lines for the report. A function of the source and of package versions alone."""
    pinned, have = locked(), {}
    try:
        have = installed()
    except (OSError, subprocess.CalledProcessError):
        pass  # not on Debian: the report says so
    if not have:
        return [f"skerry {version()}", "built on a system without dpkg"]
    mine = "\n".join(f"{name} {have.get(name)}" for name in sorted(pinned))
    off = len(differences(pinned, have))
    agrees = "as in tools/environment.lock" if not off else f"{off} of {len(pinned)} not as in tools/environment.lock"
    builders = ", ".join(f"{b} {v}" for b in BUILDERS for v in [have.get(f"{b}:amd64")] if v)
    return [f"skerry {version()}", f"packages {hashlib.sha256(mine.encode()).hexdigest()[:16]}, {agrees}", builders]


def stamp(path):
    """Writes the header, and leaves it alone where it says the same already."""
    text = "".join(f'  "{line}\\n" \\\n' for line in description())
    new = f"/* Written by tools/environment.py. */\n#define SKERRY_ENVIRONMENT \\\n{text}  \"\"\n"
    file = Path(path)
    if not file.exists() or file.read_text() != new:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(new)


def main(arguments):
    command, rest = (arguments + ["help"])[0], arguments[1:]
    if command == "rootfs":
        print(rootfs())
    elif command == "lock":
        lock()
    elif command == "verify":
        return 0 if verify(*rest[:1]) else 1
    elif command == "run" and rest:
        return run(rest)
    elif command == "stamp" and rest:
        stamp(rest[0])
    else:
        print(__doc__)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
