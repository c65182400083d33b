"""Engines that lie: each module runs the real engine with one thing in it falsified."""
