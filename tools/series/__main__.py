# SPDX-License-Identifier: Apache-2.0
"""Judges patch series and writes the answers.

    tools/series test SOURCE...    each an mbox, a maildir, or a message-id (with --inbox)
    tools/series watch MAILDIR     judge what is complete there, and go on looking
    tools/series resume            finish what was cut short
    tools/series show [ID]         a table of all series, or one's answer"""

import argparse
import hashlib
import mailbox
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import reply  # noqa: E402
import source  # noqa: E402
from judge import Judge  # noqa: E402
from state import State  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]


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
            file.with_suffix(".part").write_bytes(bytes(reply.message(row, self.state.steps(series))))
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


def hash_of(text):
    """The same in every life, unlike hash()."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def arguments():
    parser = argparse.ArgumentParser(prog="series", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("command", choices=["test", "watch", "resume", "show"])
    parser.add_argument("sources", nargs="*")
    parser.add_argument("--state", default=ROOT / "build" / "series", help="folder of state, trees and answers")
    parser.add_argument("--repository", default=ROOT, help="what the series are for")
    parser.add_argument("--inbox", help="a local mirror of a public inbox")
    parser.add_argument("--once", action="store_true", help="watch: look once")
    return parser.parse_args()


def main():
    args = arguments()
    desk = Desk(args.state, args.repository)
    verdicts = []
    if args.command in ("resume", "watch"):
        verdicts = [desk.finish(series) for series in desk.state.unfinished()]
    if args.command == "test":
        threads = [t for s in args.sources for t in source.open_source(s, args.inbox)]
        verdicts = [desk.test(thread) for thread in threads]
        if not threads:
            sys.exit("series: no patches there")
    while args.command == "watch":
        desk.look(args.sources[0])
        if args.once:
            break
        time.sleep(30)
    if args.command == "show":
        desk.show(args.sources[0] if args.sources else None)
    return 1 if "red" in verdicts else 0


if __name__ == "__main__":
    sys.exit(main())
