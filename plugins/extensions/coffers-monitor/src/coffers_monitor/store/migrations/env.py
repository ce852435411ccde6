"""Run by alembic: it migrates over the connection, and inside the transaction, that `schema.py` has opened."""

from alembic import context

from coffers_monitor.store.schema import VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"],
    version_table=VERSION_TABLE,
    transaction_per_migration=False,
    transactional_ddl=False,  # the transaction is ours: it holds the lock, and is over when all is done
)
context.run_migrations()
