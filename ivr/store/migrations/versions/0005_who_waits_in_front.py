"""Who was let in front of a queue, found by the queue: agents ask before each call they take."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the index."""
    op.create_index("ix_places_queue_used_by", "places", ["queue", "used_by"])


def downgrade() -> None:
    """Take it away."""
    op.drop_index("ix_places_queue_used_by", table_name="places")
