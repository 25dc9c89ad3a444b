"""`purser demo`: simulated agents spend against the sandbox, through a real Purser."""
