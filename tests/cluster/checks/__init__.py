"""The checks that `selftest` runs, by subject."""
