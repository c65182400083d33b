"""What topics know of a run: classes that take its events in, one at a time."""
