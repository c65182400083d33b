"""A mini Redis that forks real snapshots and reports what the kernel says of them."""

__version__ = "0.1.0"
