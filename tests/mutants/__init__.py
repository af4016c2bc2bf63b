"""`make mutants`: good tools broken in known ways, to see that the smoke test tells them apart."""
