"""Patterns: choices that a codebase makes repeatedly, how sure they are, and the places that depart from them."""
