"""Ways in for lead data: mappings, and the import of a file in one transaction."""
