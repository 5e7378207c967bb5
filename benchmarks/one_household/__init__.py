"""One household against one pack of policies: our engine beside ZEN."""
