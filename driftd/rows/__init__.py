"""What is stored: one declaration per table, no SQL text, no I/O."""
