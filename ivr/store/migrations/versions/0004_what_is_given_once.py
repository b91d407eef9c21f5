"""What a caller is given once: their turns, the events they were told of, vouchers, places at the front."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables. What was heard before has no turn, and is remembered all the same."""
    op.add_column("heard", sa.Column("turn", sa.BigInteger))
    op.create_index("uq_heard_caller_turn", "heard", ["caller", "turn"], unique=True)
    op.create_table(
        "announced",
        sa.Column("caller", sa.Text, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("call", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("caller", "event", name="pk_announced"),
        comment="Which coming events each caller was told of: nobody is told of one on two calls.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "vouchers",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("code", sa.LargeBinary, nullable=False),
        sa.Column("added_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_vouchers"),
        comment="Codes that may be given to callers, each once.",
    )
    op.create_index("ix_vouchers_queue_number", "vouchers", ["queue", "number"])
    op.create_table(
        "given",
        sa.Column("voucher", sa.Text, nullable=False),
        sa.Column("call", sa.Text, nullable=False),
        sa.Column("part", sa.Integer, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("voucher", name="pk_given"),
        comment="Which vouchers were given away, and by which farewell.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "places",
        sa.Column("caller", sa.Text, nullable=False),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("call", sa.Text, nullable=False),
        sa.Column("promise", sa.Text, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("used_by", sa.Text),
        sa.PrimaryKeyConstraint("caller", "queue", "call", name="pk_places"),
        comment="Places at the front of a queue that were promised to callers, each for one call.",
        sqlite_with_rowid=False,
    )
