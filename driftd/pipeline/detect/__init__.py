"""Detections: what rules find in one file.

A rule is data (`driftd/pipeline/packs/rules`): which calls, assignments, literals … it is about, under which
conditions, what it says of them, and examples that are its tests.  Names in rules are what names in the code resolve
to, so an alias or a local variable hides nothing, and a string or a comment is never taken for code.
"""
