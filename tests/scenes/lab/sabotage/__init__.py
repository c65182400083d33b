"""Engines that break a promise of durability, each in one way."""
