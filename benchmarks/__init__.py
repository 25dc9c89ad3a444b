"""What Purser adds to a call, measured beside a direct call and nginx."""
