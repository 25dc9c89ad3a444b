"""Frameworks that others build agents with, set up with the README's lines alone.

`make frameworks` runs them; they have lock files of their own, and `make test` leaves them out.
"""
