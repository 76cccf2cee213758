# SPDX-License-Identifier: Apache-2.0
"""A cell: where the commands of one series run, since a patch is somebody's code. It
has a user of its own, namespaces of its own, no network, the system's /usr to read
and one folder to write, /src. Everything that touches a patch runs in it, git too:
what a build leaves in .git/hooks must not run anywhere else."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

FIRST_UID, UIDS = 61184, 4096  # Debian leaves 60000 to 64999 to what sites allot
LIMITS = ("--nproc=1024", "--fsize=4294967296", "--core=0")
SYSTEM = ("--perms", "0755", "--dir", "/etc", "--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin", "--symlink", "usr/sbin", "/sbin",
          "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64",
          "--ro-bind", "/etc/alternatives", "/etc/alternatives", "--ro-bind", "/etc/ld.so.cache", "/etc/ld.so.cache",
          "--ro-bind-try", "/etc/matplotlibrc", "/etc/matplotlibrc")  # tools/bench does not start without
SETTINGS = {"PATH": "/usr/lib/ccache:/usr/sbin:/usr/bin", "HOME": "/tmp", "LC_ALL": "C.UTF-8", "TZ": "UTC",
            "CCACHE_DIR": "/ccache", "CCACHE_TEMPDIR": "/tmp", "GIT_CONFIG_COUNT": "2",
            "GIT_CONFIG_KEY_0": "user.name", "GIT_CONFIG_VALUE_0": "Series",
            "GIT_CONFIG_KEY_1": "user.email", "GIT_CONFIG_VALUE_1": "series@localhost"}


@dataclass
class Result:
    status: int  # 124: it took too long
    output: str


@dataclass
class Cell:
    """`number` chooses the user; `tree` is /src; `mail` is /mail, to read; `ccache` is read-only unless
    the code is trusted."""
    number: int
    tree: Path
    mail: Path
    ccache: Path
    trusted: bool = False

    @property
    def uid(self):
        return FIRST_UID + self.number % UIDS

    def own(self):
        """Gives the tree to the cell's user. Only root has users to give."""
        if os.geteuid() == 0:
            subprocess.run(["chown", "-hR", f"{self.uid}:{self.uid}", str(self.tree)], check=True)

    def command(self, words):
        bwrap = ["bwrap", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup",
                 "--die-with-parent", "--new-session", "--hostname", "cell", *SYSTEM,
                 "--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--tmpfs", "/tmp",
                 "--bind", str(self.tree), "/src", "--ro-bind", str(self.mail), "/mail",
                 "--bind" if self.trusted else "--ro-bind", str(self.ccache), "/ccache",
                 "--chdir", "/src", "--clearenv"]
        settings = {**SETTINGS} if self.trusted else {**SETTINGS, "CCACHE_READONLY": "1"}
        for name, value in settings.items():
            bwrap += ["--setenv", name, value]
        if os.geteuid() == 0:
            drop = ["setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups", "--no-new-privs",
                    "--bounding-set=-all", "--inh-caps=-all"]
        else:
            bwrap, drop = [*bwrap, "--unshare-user"], ["setpriv", "--no-new-privs"]
        return [*bwrap, "prlimit", *LIMITS, *drop, *words]

    def run(self, *words, seconds=600, given=None):
        """Runs a command to its end or its time; its whole process tree ends with it."""
        process = subprocess.Popen(self.command([str(w) for w in words]), text=True, errors="replace",
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            output, _ = process.communicate(given or "", timeout=seconds)
            return Result(process.returncode, output)
        except subprocess.TimeoutExpired:
            process.kill()  # bwrap is the PID namespace's keeper: all in it dies
            output, _ = process.communicate()
            return Result(124, f"{output}\n*** took more than {seconds} s")
