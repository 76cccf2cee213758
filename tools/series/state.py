# SPDX-License-Identifier: Apache-2.0
"""What is known of each series, in SQLite. A step is written once, when it has ended;
whoever is killed finds afterwards which one to do next."""

import json
import sqlite3
import time

SCHEMA = """
CREATE TABLE IF NOT EXISTS series (
  id INTEGER PRIMARY KEY, msgid TEXT UNIQUE, subject TEXT, sender TEXT, mbox TEXT, patches TEXT,
  base TEXT, verdict TEXT, replied INTEGER DEFAULT 0, started REAL, ended REAL);
CREATE TABLE IF NOT EXISTS steps (
  series INTEGER, patch INTEGER, name TEXT, passed INTEGER, seconds REAL, log TEXT, facts TEXT,
  PRIMARY KEY (series, patch, name));
CREATE TABLE IF NOT EXISTS bases (base TEXT PRIMARY KEY, facts TEXT);
"""


class State:
    """Each method is a transaction of its own."""

    def __init__(self, path):
        self.db = sqlite3.connect(path)
        self.db.row_factory = sqlite3.Row
        self.db.executescript(SCHEMA)

    def add(self, msgid, subject, sender, mbox):
        """The series' row; the one that is there, where it is known already."""
        with self.db:
            self.db.execute("INSERT OR IGNORE INTO series (msgid, subject, sender, mbox, started) VALUES (?,?,?,?,?)",
                            (msgid, subject, sender, mbox, time.time()))
        return self.db.execute("SELECT * FROM series WHERE msgid = ?", (msgid,)).fetchone()["id"]

    def get(self, series):
        return self.db.execute("SELECT * FROM series WHERE id = ?", (series,)).fetchone()

    def unfinished(self):
        return [r["id"] for r in self.db.execute("SELECT id FROM series WHERE verdict IS NULL OR NOT replied ORDER BY id")]

    def everything(self):
        return self.db.execute("SELECT * FROM series ORDER BY id").fetchall()

    def update(self, series, **fields):
        names = ", ".join(f"{name} = ?" for name in fields)
        with self.db:
            self.db.execute(f"UPDATE series SET {names} WHERE id = ?", (*fields.values(), series))

    def step(self, series, patch, name):
        return self.db.execute("SELECT * FROM steps WHERE series = ? AND patch = ? AND name = ?",
                               (series, patch, name)).fetchone()

    def steps(self, series):
        return self.db.execute("SELECT * FROM steps WHERE series = ? ORDER BY rowid", (series,)).fetchall()

    def record(self, series, patch, name, passed, seconds, log, facts=None):
        with self.db:
            self.db.execute("INSERT OR REPLACE INTO steps VALUES (?,?,?,?,?,?,?)",
                            (series, patch, name, passed, seconds, log[-65536:], json.dumps(facts or {})))

    def base(self, commit):
        row = self.db.execute("SELECT facts FROM bases WHERE base = ?", (commit,)).fetchone()
        return json.loads(row["facts"]) if row else None

    def set_base(self, commit, facts):
        with self.db:
            self.db.execute("INSERT OR REPLACE INTO bases VALUES (?,?)", (commit, json.dumps(facts)))
