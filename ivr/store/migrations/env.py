"""Run by Alembic for each command; the connection, already in a transaction, comes from `migrate`."""

from alembic import context

from ivr.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
