"""`fallwerk serve`: settings, then the application, then the processes that run it."""

import os
import sys

from fallwerk.settings import ConfigurationRefused, Settings, load_settings

_WRONG_CONFIGURATION = 2


def settings_or_exit(**given: str | int | None) -> Settings:
    """Return the settings; print every problem on a line of its own and end with code 2 if there are any."""
    try:
        return load_settings(os.environ, **given)
    except ConfigurationRefused as refused:
        for problem in refused.problems:
            sys.stderr.write(f"fallwerk: {problem}\n")
        raise SystemExit(_WRONG_CONFIGURATION) from None


def serve_settings(settings: Settings) -> int:
    """Run the server until it is told to stop; return the exit code."""
    from fallwerk.app import announce, create_app

    return settings.server_plan().run(
        lambda port, shared: create_app(settings.bound_to(port), shared),
        announce=lambda port: announce(settings.bound_to(port)),
    )
