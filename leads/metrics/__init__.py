"""One module per measure; each returns `Measure` values with everything their passport shows."""
