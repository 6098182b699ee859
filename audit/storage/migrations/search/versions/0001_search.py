"""The index that searches read."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Creates the tables."""
    op.create_table(
        "search_state",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary, nullable=False),
        sa.Column("generation", sa.Text, nullable=False),
    )
    op.create_table(
        "search_names",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("id", sa.Integer, nullable=False, unique=True),
        sa.Column("name", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "search_segments",
        sa.Column("segment", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("earliest", sa.BigInteger),
        sa.Column("latest", sa.BigInteger),
        sa.Column("stated", sa.Integer, nullable=False),
        sa.Column("times", sa.LargeBinary, nullable=False),
        sa.Column("key_id", sa.Text),
        sa.Column("sealed", sa.Integer, nullable=False),
        sa.Column("unread", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "search_postings",
        sa.Column("field", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("value", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("segment", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("bits", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "search_tokens",
        sa.Column("segment", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("bucket", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("tokens", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
