"""How it is put together: the command line, composition, the janitor."""
