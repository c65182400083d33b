"""Collections in the arena: lists, hashes, sets and sorted sets.

Every byte of every element lies in arena chunks that one head record leads to; the Python objects
here are an index of them, which the snapshot child never looks at.
"""
