"""The boards of tests/process, for clients that nobody here wrote."""

from tests.process.conftest import make_board, make_pair  # noqa: F401 -- fixtures
