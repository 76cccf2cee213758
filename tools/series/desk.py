# SPDX-License-Identifier: Apache-2.0
"""Where series come in and answers go out: a folder of threads, of work and of answers
(outbox/), for one repository."""

import hashlib
import mailbox
import os
from pathlib import Path

import reply
import source
from judge import Judge
from state import State


class Desk:
    """Where series come in and answers go out: one folder, one repository."""

    def __init__(self, folder, repository):
        self.folder, self.repository = Path(folder).resolve(), Path(repository).resolve()
        for name in ("threads", "outbox"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.state = State(self.folder / "state.sqlite")

    def accept(self, thread):
        """Keeps a thread and gives it a row, once. The file is complete before the row is there."""
        head = source.head_of(thread)
        msgid = str(head["Message-ID"]).strip()
        file = self.folder / "threads" / f"{hash_of(msgid):016x}.mbox"
        if not file.exists():
            part = file.with_suffix(".part")
            part.write_bytes(source.as_mbox(thread))
            os.replace(part, file)
        return self.state.add(msgid, source.subject_of(head), str(head["From"] or ""), str(file))

    def finish(self, series):
        """Judges and answers; both go on where a life before this one stopped."""
        if self.state.get(series)["verdict"] is None:
            Judge(self.state, self.repository, self.folder, series).judge()
        row = self.state.get(series)
        if not row["replied"]:
            file = self.folder / "outbox" / f"{series}.eml"
            file.with_suffix(".part").write_bytes(bytes(reply.message(row, self.state.steps(series), others_of(row["mbox"]))))
            os.replace(file.with_suffix(".part"), file)
            self.state.update(series, replied=1)
        return self.state.get(series)["verdict"]

    def test(self, thread):
        series = self.accept(thread)
        verdict = self.finish(series)
        print(f"{series}\t{verdict}\t{self.state.get(series)['subject']}", flush=True)
        return verdict

    def look(self, maildir):
        """One look at a maildir: complete threads of new mail are judged and then marked as seen."""
        box = mailbox.Maildir(maildir, create=False)
        fresh = {key: box[key] for key in box.keys() if box[key].get_subdir() == "new"}
        for thread in source.threads(fresh.values()):
            if not source.is_complete(thread):
                continue
            self.test(thread)
            for key in [k for k, m in fresh.items() if m in thread]:
                message = box[key]
                message.set_subdir("cur")
                message.add_flag("S")
                box[key] = message

    def show(self, series):
        if series:
            print(reply.body(self.state.get(series), self.state.steps(series)))
            return
        for row in self.state.everything():
            bad = reply.failure(self.state.steps(row["id"]))
            where = f"{bad['name']} ({bad['patch'] or 'whole'})" if bad else ""
            took = f"{row['ended'] - row['started']:.0f} s" if row["ended"] else ""
            print(f"{row['id']}\t{row['verdict'] or 'at work'}\t{where}\t{took}\t{row['subject']}")


def others_of(mbox):
    """Who else the cover letter went to."""
    head = source.head_of(list(mailbox.mbox(mbox, create=False)))
    return ", ".join(str(head[name]) for name in ("To", "Cc") if head[name])


def hash_of(text):
    """The same in every life, unlike hash()."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
