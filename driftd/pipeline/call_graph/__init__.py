"""From calls in facts to edges between functions."""
