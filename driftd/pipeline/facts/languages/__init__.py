"""One adapter per language family: grammar, queries, lowering to FileFacts."""
