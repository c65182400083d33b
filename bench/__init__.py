"""Cowscope's own measurements: ratios of medians, side by side in one run."""
