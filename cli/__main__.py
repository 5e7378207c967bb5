"""`python -m cli` is `relief`."""

from cli.main import main

main()
