"""The whole application, as the tests of its handlers have it."""

from tests.handlers.conftest import make_site

__all__ = ["make_site"]
