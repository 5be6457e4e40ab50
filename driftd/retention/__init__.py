"""What may be forgotten, and when."""
