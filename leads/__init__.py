"""Lead facts: the warehouse, imports, metrics and back-tests. All Ibis of the project stands in here."""
