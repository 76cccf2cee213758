# SPDX-License-Identifier: Apache-2.0
"""Judges patch series and writes the answers.

    tools/series test SOURCE...    each an mbox, a maildir, or a message-id (with --inbox)
    tools/series watch MAILDIR     judge what is complete there, and go on looking
    tools/series resume            finish what was cut short
    tools/series show [ID]         a table of all series, or one's answer"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import source  # noqa: E402
from desk import Desk  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]


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
