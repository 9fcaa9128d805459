"""Changes a database behind Atalaya's back, its triggers left out: they may know more than this SQLite does.

usage: spoil.py FILE SQL
"""

import sqlite3
import sys

database = sqlite3.connect(sys.argv[1])
triggers = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
for name, _ in triggers:
    database.execute(f'DROP TRIGGER "{name}"')
changed = database.execute(sys.argv[2]).rowcount
for _, sql in triggers:
    database.execute(sql)
database.commit()
sys.exit(0 if changed > 0 else f"spoil.py: nothing was changed by {sys.argv[2]}")
