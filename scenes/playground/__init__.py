"""The sandbox: a scene with all panels and no script."""
