"""The `relief` command."""
