"""What Alembic runs; `storage.schema` hands it the connection."""

from alembic import context

import storage.accounts.tables  # it adds its tables to those of the ledger
import storage.comments.tables  # it adds its tables to those of the ledger
import storage.erasure.tables  # it adds its tables to those of the ledger
import storage.looks.tables  # it adds its tables to those of the ledger
import storage.retention.tables  # it adds its tables to those of the ledger
import storage.reviews.tables  # it adds its tables to those of the ledger
import storage.search.tables  # it adds its tables to those of the ledger
import storage.shadow.tables  # noqa: F401  # it adds its tables to those of the ledger
from storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite alters a table by writing it anew, which is what batch mode does.
    render_as_batch=True,
    # Both databases roll back DDL; Alembic assumes that SQLite's driver cannot.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
