"""What may be spent: windows, charge, admission, settlement."""
