"""A test module a scene of the course."""
