"""What admins see: the panel below `/admin/budget`."""
