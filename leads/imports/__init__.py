"""Lead data in: CSV files through a mapping, or Arrow tables directly; checked first, then one new version."""
