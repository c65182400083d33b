"""The faces of Cowscope: terminal, plain text, command line, browser."""
