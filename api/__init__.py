"""The HTTP face: it validates, calls the engine, and answers. Nothing is decided here."""
