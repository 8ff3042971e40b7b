"""What every test run has: the project's options and marks, both databases, no way out of the loopback."""

import os

from hypothesis import settings

pytest_plugins = ["tests.support.loopback", "tests.support.rows", "tests.support.databases", "tests.support.browser"]

# Two cores shared by many processes: an example's duration says nothing about the code.
settings.register_profile("fallwerk", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "fallwerk")
