"""Two noisy cores: how long one example takes says nothing."""

from hypothesis import settings

settings.register_profile("noisy", deadline=None)
settings.load_profile("noisy")
