"""`python -m fallwerk` is the command `fallwerk`."""

from fallwerk.cli.main import run

run()
