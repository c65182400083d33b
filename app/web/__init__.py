"""The screen in a browser: textual-serve, behind a token, for a class."""
