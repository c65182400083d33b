"""The crash lab: real clients, real crashes, and a count of what survived them."""
