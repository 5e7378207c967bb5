"""National standards of identity, by the name that a rulebook or an office calls them by."""
