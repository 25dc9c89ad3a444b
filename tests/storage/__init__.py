"""The ledger and the engines, on real ones."""
