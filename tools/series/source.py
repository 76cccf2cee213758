# SPDX-License-Identifier: Apache-2.0
"""Where series come from: an mbox, a maildir, or a message-id in a local mirror of a
public inbox. All end as one mbox of one thread, which b4 takes apart (in a cell)."""

import mailbox
import re
import subprocess
from pathlib import Path

MARK = re.compile(r"^\[[^\]]*PATCH[^\]]*?(?:(\d+)/(\d+))?\]\s*(.*)", re.DOTALL)
ID = re.compile(r"<[^<>\s]+>")


def subject_of(message):
    return re.sub(r"\s+", " ", str(message["Subject"] or ""))


def parents(message):
    return ID.findall(f"{message['References'] or ''} {message['In-Reply-To'] or ''}")


def threads(messages):
    """Groups messages by their first ancestor: [[message...]...], in the order of arrival."""
    found = {}
    for message in messages:
        own = ID.findall(str(message["Message-ID"] or ""))
        root = (parents(message) or own or ["?"])[0]
        found.setdefault(root, []).append(message)
    return list(found.values())


def is_complete(thread):
    """Whether all the patches that the subjects promise are there."""
    marks = [m for m in (MARK.match(subject_of(message)) for message in thread) if m]
    numbers = {int(m.group(1)) for m in marks if m.group(1) and int(m.group(1))}
    total = max((int(m.group(2)) for m in marks if m.group(2)), default=0)
    return numbers == set(range(1, total + 1)) if total else bool(marks)


def head_of(thread):
    """The cover letter, else the first patch."""
    def order(message):
        match = MARK.match(subject_of(message))
        return int(match.group(1) or 1) if match else 1 << 30
    return min(thread, key=order)


def as_mbox(thread):
    """The thread as bytes that git and b4 read."""
    return b"".join(b"From series Thu Jan  1 00:00:00 1970\n"
                    + re.sub(rb"^(>*From )", rb">\1", bytes(m), flags=re.MULTILINE).rstrip(b"\n") + b"\n\n"
                    for m in thread)


def from_inbox(mirror, msgid):
    """The thread of a message in a public-inbox mirror (version 2: epochs of git repositories, each
    commit a message in the file `m`; version 1 alike, with one file a message)."""
    wanted, found = {f"<{msgid.strip('<>')}>"}, {}
    for epoch in sorted(Path(mirror).glob("git/*.git")) or [Path(mirror)]:
        commits = subprocess.run(["git", "-C", str(epoch), "rev-list", "--reverse", "--all"], text=True, check=True,
                                 stdout=subprocess.PIPE).stdout.split()
        for commit in commits:
            blob = subprocess.run(["git", "-C", str(epoch), "show", f"{commit}:m"], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, check=False)
            if blob.returncode == 0:
                message = mailbox.Message(blob.stdout)
                found[str(message["Message-ID"]).strip()] = message
    start = found.get(next(iter(wanted)))
    if start is not None:
        wanted |= set(parents(start)[:1])
    return [m for i, m in found.items() if i in wanted or wanted & set(parents(m))]


def open_source(source, mirror=None):
    """Threads of an mbox file, a maildir, or a message-id."""
    path = Path(source)
    if (path / "cur").is_dir():
        return threads(mailbox.Maildir(path, create=False))
    if path.is_file():
        return threads(mailbox.mbox(path, create=False))
    if mirror and "@" in source:
        thread = from_inbox(mirror, source)
        return [thread] if thread else []
    raise FileNotFoundError(f"{source}: no mbox, no maildir, no message-id in a mirror (--inbox)")
