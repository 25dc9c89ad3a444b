"""The schema's history, carried out by Alembic."""
