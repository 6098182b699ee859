"""The databases of a log: tables, migrations, and what is read and written in them."""
