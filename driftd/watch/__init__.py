"""What is in the workspace and what changed in it."""
