"""The way of a call: guard, identity, estimate, forward, meter."""
