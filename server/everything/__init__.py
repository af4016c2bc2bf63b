"""Everything that a person has here as one archive, and back."""
