"""What is kept: holds and counters in Redis, the outbox, the SQL ledger."""
