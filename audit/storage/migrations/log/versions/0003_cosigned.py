"""What witnesses said of this log."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Creates the tables."""
    op.create_table(
        "log_cosigned",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("signed_checkpoint", sa.Text, nullable=False),
    )
    op.create_table(
        "log_witnesses",
        sa.Column("witness", sa.Text, primary_key=True),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("time", sa.BigInteger),
        sa.Column("signed_checkpoint", sa.Text),
        sa.Column("asked", sa.BigInteger, nullable=False),
        sa.Column("problem", sa.Text),
    )
