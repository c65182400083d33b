"""Lessons as data, the player that steps through them, and the state the screen is drawn from."""
