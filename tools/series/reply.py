# SPDX-License-Identifier: Apache-2.0
"""The answer to a series, in the form that mailing lists expect: plain text, a line a
patch, the first failure with the end of its log, then what the series changes."""

import email.message
import json
import re

LINES = 25
SIGN = re.compile(r"error|\*\*\*|^FAILED|^E  |^ *FAIL |fatal|panic", re.IGNORECASE)


def excerpt(log):
    """From the first line that looks like the reason, at most LINES of them."""
    lines = [line.rstrip() for line in log.splitlines() if line.strip()]
    first = next((i for i, line in enumerate(lines) if SIGN.search(line)), max(len(lines) - LINES, 0))
    return lines[first:first + LINES]


def failure(steps):
    return next((step for step in steps if not step["passed"]), None)


def patch_lines(patches, steps):
    for number, subject in enumerate(patches, 1):
        mine = [s for s in steps if s["patch"] == number]
        bad = failure(mine)
        words = f"fails: {bad['name']}" if bad else ", ".join(s["name"] for s in mine) if mine else "not tried"
        yield f"  {number}/{len(patches)} {subject[:60]:60} {words}"


def change_lines(steps):
    gate = next((s for s in steps if s["name"] == "gate"), None)
    facts = json.loads(gate["facts"]) if gate else {}
    if gate and not facts:
        yield "  no figure changes"
    for name, (old, new) in sorted(facts.items()):
        yield f"  {name:34} {old:>9} -> {new:>9}  {new - old:+d}"


def body(series, steps):
    patches = json.loads(series["patches"] or "[]")
    whole = [s for s in steps if s["patch"] == 0]
    bad = failure(steps)
    lines = [f"This series is {'good' if series['verdict'] == 'green' else 'not good yet'}.", "",
             f"base: {series['base'] or 'none found'}", "", *patch_lines(patches, steps), "",
             "whole: " + ", ".join(f"{s['name']}{'' if s['passed'] else ' FAILS'}" for s in whole)]
    if bad:
        where = f"patch {bad['patch']}, " if bad["patch"] else ""
        lines += ["", f"First failure: {where}{bad['name']}, after {bad['seconds']:.0f} s", ""]
        lines += [f"  | {line}" for line in excerpt(bad["log"])]
    changed = list(change_lines(steps))
    if changed:
        lines += ["", "Instructions an operation and bytes of text, before and after:", "", *changed]
    return "\n".join(lines) + "\n"


def one_line(text):
    """What a stranger wrote, as one line for a header."""
    return re.sub(r"\s+", " ", text or "").strip()


def message(series, steps):
    mail = email.message.EmailMessage()
    mail["From"] = "Skerry series <series@localhost>"
    mail["To"] = one_line(series["sender"])
    mail["Subject"] = f"Re: {one_line(series['subject'])}"
    mail["In-Reply-To"] = mail["References"] = one_line(series["msgid"])
    mail["Message-ID"] = f"<series-{series['id']}.{series['verdict']}@localhost>"
    mail.set_content(body(series, steps))
    return mail
