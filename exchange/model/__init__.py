"""The words of the exchange as frozen data: no I/O, no wire types, no database."""
