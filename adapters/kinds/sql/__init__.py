"""Kind `sql`: any database that SQLAlchemy reaches, as its owner has made it, read and never changed."""

from adapters.kinds.sql.adapter import SqlAdapter, open_sql
from adapters.kinds.sql.tables import BITEMPORAL, table_name, table_of

__all__ = ["BITEMPORAL", "SqlAdapter", "open_sql", "table_name", "table_of"]
