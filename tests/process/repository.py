# SPDX-License-Identifier: Apache-2.0
"""A git repository of a test's own."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
AUTHOR = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER")
          for what, value in (("NAME", "A Tester"), ("EMAIL", "tester@example.org"))}


class Repository:
    """A git repository of a test's own."""

    def __init__(self, path):
        self.path = path
        path.mkdir()
        self.git("init", "-q", "-b", "main")

    def git(self, *words):
        # A hook's variables would name the repository that the hook runs for.
        keep = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        return subprocess.run(["git", *words], cwd=self.path, env={**keep, **AUTHOR}, text=True, check=True,
                              stdout=subprocess.PIPE).stdout.strip()

    def commit(self, subject, **files):
        """Commits {name: text}; a double underscore in a name stands for a slash, `DOT` for a dot."""
        for name, text in files.items():
            file = self.path / name.replace("__", "/").replace("DOT", ".")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", subject)
        return self.git("rev-parse", "HEAD")
