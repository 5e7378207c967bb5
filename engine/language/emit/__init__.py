"""Python text for every kind of node: one function per kind, in families, for `engine.language.compile`."""
