#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Starts a security advisory from the template, and checks those that are there.

    tools/advisory.py new 2026-01 'Title'   docs/advisories/SSA-2026-01.md, to be filled in
    tools/advisory.py check [FILE...]       what is missing; all of docs/advisories without a name

An advisory is written in private: commit it on the day that it is published."""

import datetime
import re
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "advisories"
FIELDS = {
    "CVE": r"CVE-\d{4}-\d{4,}|requested",
    "Reported": r"\d{4}-\d{2}-\d{2}",
    "Published": r"\d{4}-\d{2}-\d{2}",
    "Severity": r"low|medium|high|critical",
    "Affected": r".*(v\d+\.\d+|main since [0-9a-f]{7,}).*",
    "Mended in": r".*(v\d+\.\d+|[0-9a-f]{7,}).*",
}
SECTIONS = ("What happens", "Who is affected", "What to do", "How it was found", "Credit")
BATCH_WEEKDAY, LONGEST_DAYS = 1, 90  # Tuesday; docs/process/security.md


def template(number, title):
    fields = "".join(f"- {name}: TODO\n" for name in FIELDS)
    sections = "".join(f"\n## {name}\n\nTODO\n" for name in SECTIONS)
    return f"# SSA-{number}: {title}\n\n{fields}{sections}"


def batch_day(date):
    """The second Tuesday of the month."""
    return date.weekday() == BATCH_WEEKDAY and 8 <= date.day <= 14


def fields_of(text):
    return dict(re.findall(r"^- ([\w ]+): (.*)$", text, re.MULTILINE))


def check_dates(fields, text):
    try:
        reported, published = (datetime.date.fromisoformat(fields[name]) for name in ("Reported", "Published"))
    except (KeyError, ValueError):
        return  # the fields' own check says so
    if published < reported:
        yield "it is published before it was reported"
    if (published - reported).days > LONGEST_DAYS:
        yield f"{(published - reported).days} days from report to publication: at most {LONGEST_DAYS}"
    if not batch_day(published) and "out of turn" not in text:
        yield "published on no batch day (second Tuesday), and it does not say why it is out of turn"


def check(name, text):
    """What is wrong with an advisory, as a list."""
    wrong = [] if re.match(r"# SSA-\d{4}-\d{2}: \S", text) else ["its title is not `# SSA-YYYY-NN: what`"]
    if not text.startswith(f"# {name}:"):
        wrong.append("its title and its file's name differ")
    fields = fields_of(text)
    wrong += [f"{field}: `{fields.get(field, '')}` is not what stands there" for field, pattern in FIELDS.items()
              if not re.fullmatch(pattern, fields.get(field, ""))]
    parts = dict(re.findall(r"^## (.+)\n+((?:(?!^## ).*\n?)*)", text, re.MULTILINE))
    wrong += [f"section `{section}` is missing or not written" for section in SECTIONS
              if len(parts.get(section, "").replace("TODO", "").strip()) < 3]
    return wrong + list(check_dates(fields, text))


def new(number, title):
    if not re.fullmatch(r"\d{4}-\d{2}", number) or not title.strip():
        sys.exit("advisory: needs a number like 2026-01 and a title")
    file = FOLDER / f"SSA-{number}.md"
    if file.exists():
        sys.exit(f"advisory: {file.name} is there already")
    FOLDER.mkdir(parents=True, exist_ok=True)
    file.write_text(template(number, title))
    print(f"{file}: fill it in, then `make advisory` checks it")


def check_all(names):
    files = [Path(name) for name in names] or sorted(FOLDER.glob("SSA-*.md"))
    wrong = [f"{file.name}: {what}" for file in files for what in check(file.stem, file.read_text())]
    print("\n".join(wrong) or f"{len(files)} advisories, nothing wrong")
    return 1 if wrong else 0


def main(arguments):
    if arguments[:1] == ["new"] and len(arguments) == 3:
        new(*arguments[1:])
    elif arguments[:1] == ["check"]:
        return check_all(arguments[1:])
    else:
        print(__doc__)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
