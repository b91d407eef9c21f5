"""Drafts and who changed what; whose yes a version has; and versions that the database itself keeps as they are."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two columns and three tables, and have versions and changes stay as they were written."""
    op.add_column("versions", sa.Column("approved_by", sa.Text))
    op.add_column("versions", sa.Column("restores", sa.Integer))
    op.create_table(
        "drafts",
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("base", sa.Integer),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("begun_at", sa.BigInteger, nullable=False),
        sa.Column("open", sa.Integer),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("version", sa.Integer),
        sa.PrimaryKeyConstraint("number", name="pk_drafts"),
        sa.UniqueConstraint("open", name="uq_drafts_open"),
        comment="What is to become a version. One at most is open.",
    )
    op.create_table(
        "draft_pages",
        sa.Column("draft", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("text", sa.LargeBinary),
        sa.Column("under", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("draft", "path", name="pk_draft_pages"),
        comment="The pages of the open draft that are to differ from the version in force.",
    )
    op.create_table(
        "changes",
        sa.Column("draft", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("before", sa.LargeBinary),
        sa.Column("after", sa.LargeBinary),
        sa.PrimaryKeyConstraint("draft", "number", name="pk_changes"),
        comment="Who changed which page of a draft, when and why. Only ever added to.",
    )
    for table in ("versions", "changes"):
        _stay(table)


def _stay(table: str) -> None:
    said = f"{table} are never changed"
    if op.get_bind().dialect.name == "sqlite":
        for what in ("update", "delete"):
            op.execute(
                f"create trigger {table}_no_{what} before {what} on {table} "
                f"begin select raise(abort, '{said}'); end"
            )
        return
    op.execute(
        f"create function {table}_stay() returns trigger language plpgsql as "
        f"$$ begin raise exception '{said}'; end $$"
    )
    op.execute(
        f"create trigger {table}_stay before update or delete or truncate on {table} "
        f"for each statement execute function {table}_stay()"
    )
