"""Erasures: a key for each record, what was asked to be erased, and what each erasure took."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Creates the tables; what was sealed before stays under its subject's key alone."""
    for table in ("vault_sealed", "log_intentions"):
        op.add_column(table, sa.Column("page", sa.BigInteger))
        op.add_column(table, sa.Column("slot", sa.Integer))
    op.create_table(
        "erasure_requests",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("time", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("ground", sa.Text, nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("done", sa.Text),
    )
    op.create_table(
        "log_erasures",
        sa.Column("entry", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("request", sa.Integer),
        sa.Column("opening", sa.LargeBinary, nullable=False),
        sa.Column("indexes", sa.Text, nullable=False),
        sa.Column("keys", sa.Text, nullable=False),
    )
