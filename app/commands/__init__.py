"""What each command of `purser` does, one noun a file."""
