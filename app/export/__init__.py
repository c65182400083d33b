"""A recording as something else: stills, a page to step through, a terminal's film."""
