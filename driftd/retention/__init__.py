"""What may be forgotten and when: rules from the declarations, the sweep that carries them out, and its schedule."""
