"""Speed and size of what matters, as ratios on the machine at hand."""
