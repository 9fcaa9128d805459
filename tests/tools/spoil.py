"""Changes a database behind Atalaya's back.

usage: spoil.py FILE SQL
"""

import sqlite3
import sys

database = sqlite3.connect(sys.argv[1])
changed = database.execute(sys.argv[2]).rowcount
database.commit()
sys.exit(0 if changed > 0 else f"spoil.py: nothing was changed by {sys.argv[2]}")
