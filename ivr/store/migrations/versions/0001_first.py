"""The first tables: calls, farewells, what was heard and promised, the book, people."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "events",
        sa.Column("call", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("clock", sa.Text, nullable=False),
        sa.Column("who", sa.Text),
        sa.Column("data", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("call", "kind", "key", "at", name="pk_events"),
        comment="What happened, as it was told to us. Only ever added to.",
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_events_who",
        "events",
        ["who", "kind", "at"],
        sqlite_where=sa.text("who IS NOT NULL"),
        postgresql_where=sa.text("who IS NOT NULL"),
    )
    op.create_table(
        "farewells",
        sa.Column("call", sa.Text, nullable=False),
        sa.Column("part", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("locale", sa.Text, nullable=False),
        sa.Column("version", sa.Integer),
        sa.Column("way", sa.Text, nullable=False),
        sa.Column("tone", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("caller", sa.Text),
        sa.PrimaryKeyConstraint("call", "part", name="pk_farewells"),
        comment="Which farewell was composed; its words are in `personal`. The first of two is kept.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "personal",
        sa.Column("call", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("call", "kind", "key", name="pk_personal"),
        comment="Numbers, names, gifts and words. Forgetting deletes rows here.",
    )
    op.create_table(
        "heard",
        sa.Column("caller", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("call", sa.Text, nullable=False),
        sa.Column("part", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("variants", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("caller", "at", "call", "part", name="pk_heard"),
        comment="What each caller was told last, so that the next farewell is another. One row a farewell.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "promises",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("call", sa.Text, nullable=False),
        sa.Column("part", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("leased_by", sa.Text),
        sa.Column("leased_until", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_promises"),
        comment="Sentences that outlive a call. Their words are in `personal`, most with their farewell.",
    )
    op.create_index("ix_promises_call", "promises", ["call"])
    op.create_index("ix_promises_due", "promises", ["state", "due"])
    op.create_table(
        "versions",
        sa.Column("version", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("files", sa.LargeBinary, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("published_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_versions"),
        comment="The prompt book, version by version. A version never changes.",
    )
    op.create_table(
        "people",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("address_key", sa.Text),
        sa.Column("address", sa.LargeBinary),
        sa.Column("pin_key", sa.Text),
        sa.Column("pin", sa.Text),
        sa.Column(
            "added_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.current_timestamp()
        ),
        sa.PrimaryKeyConstraint("name", name="pk_people"),
        sa.UniqueConstraint("address_key", name="uq_people_address_key"),
        sa.UniqueConstraint("pin_key", name="uq_people_pin_key"),
        comment="Who works here.",
    )
    op.create_table(
        "tokens",
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            nullable=False,
            server_default=sa.func.current_timestamp(),
        ),
        sa.PrimaryKeyConstraint("name", name="pk_tokens"),
        sa.UniqueConstraint("sha256", name="uq_tokens_sha256"),
        comment="Programs that may call the API. The token itself is shown once and not kept.",
    )
