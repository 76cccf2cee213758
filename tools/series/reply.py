# SPDX-License-Identifier: Apache-2.0
"""The answer to a series, in the form that mailing lists expect: plain text in the thread, to
whoever the series went to, a line a patch, the first failure with its log, then what the
series changes."""

import email.message
import email.utils
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
        words = f"FAILS {bad['name']}" if bad else ", ".join(s["name"] for s in mine) if mine else "not tried"
        yield f"  {number}/{len(patches)} {subject[:46]:46} {words}"


def facts_of(steps, name):
    step = next((s for s in steps if s["name"] == name), None)
    return step and json.loads(step["facts"])


def change_lines(steps):
    """What the gate measured: size and instructions an operation."""
    facts = facts_of(steps, "gate")
    if facts is None:
        return
    yield from ["", "Bytes and instructions an operation, before and after:", ""]
    if not facts:
        yield "  none changes"
    for name, (old, new) in sorted(facts.items()):
        yield f"  {name:32} {old:>9} -> {new:>9}  {new - old:+d} ({100 * (new - old) / max(old, 1):+.1f} %)"


def coverage_lines(steps):
    facts = facts_of(steps, "coverage")
    if not facts:
        return
    yield from ["", "Lines that the unit tests of its paths run, before and after:", ""]
    for name, row in facts.items():
        (old, old_all), (new, new_all) = row["before"], row["after"]
        yield f"  {name:32} {f'{old} of {old_all}':>13} -> {f'{new} of {new_all}':>13}"
        if row["idle"]:
            yield f"    added, and run by none: {', '.join(map(str, row['idle']))}"


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
    lines += [*change_lines(steps), *coverage_lines(steps)]
    return "\n".join(lines) + "\n"


def one_line(text):
    """What a stranger wrote, as one line for a header."""
    return re.sub(r"\s+", " ", text or "").strip()


def message(series, steps, others=""):
    """The mail; `others` is who else was sent the series."""
    mail = email.message.EmailMessage()
    mail["From"] = "Skerry series <series@localhost>"
    mail["To"] = one_line(series["sender"])
    if others:
        mail["Cc"] = one_line(others)
    mail["Date"] = email.utils.formatdate(series["ended"])
    mail["Subject"] = f"Re: {one_line(series['subject'])}"
    mail["In-Reply-To"] = mail["References"] = one_line(series["msgid"])
    mail["Message-ID"] = f"<series-{series['id']}.{series['verdict']}@localhost>"
    mail["Auto-Submitted"] = "auto-replied"
    mail.set_content(body(series, steps), cte="8bit")
    return mail
