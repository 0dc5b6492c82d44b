"""The sample company: seeded, synthetic, and made through the same actions people use."""
