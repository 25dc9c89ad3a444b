"""The pieces that pages are composed of: pure functions of plain parameters."""
