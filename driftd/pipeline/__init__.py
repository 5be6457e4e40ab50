"""Pure analysis: facts in, rows and problems out."""
