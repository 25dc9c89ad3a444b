"""What the ledger tells."""
