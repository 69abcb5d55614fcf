"""For all tests under pytest. Hypothesis runs bounded, repeatable, and writes no folder into the checkout."""

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "sosie",
    database=None,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("sosie")


@pytest.fixture
def make(request):
    """make(kind, ..): a kind(..), whose end() is called when the test is over."""

    def maker(kind, *args, **options):
        made = kind(*args, **options)
        request.addfinalizer(made.end)
        return made

    return maker
