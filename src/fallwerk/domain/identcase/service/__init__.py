"""Use cases around an identification case; each function is exactly one transaction."""
