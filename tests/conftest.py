"""Settings for all tests under pytest: hypothesis runs bounded, repeatable, and writes no folder into the checkout."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "sosie",
    database=None,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("sosie")
