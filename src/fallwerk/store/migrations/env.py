"""Alembic's entry: the caller hands over an open connection, so that one transaction carries the whole upgrade."""

from alembic import context

from fallwerk.store import indexes  # noqa: F401 - adds the partial indexes to the tables
from fallwerk.store.all_tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    transactional_ddl=True,
)
context.run_migrations()
