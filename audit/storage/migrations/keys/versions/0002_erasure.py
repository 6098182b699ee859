"""Keys that can be erased one by one: names apart from keys, pages of secrets, what was erased."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Creates the tables; until now a key was called by its subject's pseudonym itself."""
    op.create_table(
        "vault_names",
        sa.Column("pseudonym", sa.Text, primary_key=True),
        sa.Column("key_id", sa.Text, nullable=False, index=True),
    )
    op.execute("INSERT INTO vault_names (pseudonym, key_id) SELECT key_id, key_id FROM vault_keys")
    op.create_table(
        "vault_pages",
        sa.Column("page", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "vault_master",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
    )
    op.create_table("vault_erased", sa.Column("name", sa.Text, primary_key=True))
