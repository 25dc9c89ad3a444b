"""Every bound is a positive number, and defaults of settings are the bounds' own."""

from config import bounds
from config.settings import Settings


def test_every_bound_is_a_positive_number() -> None:
    named = {name: value for name, value in vars(bounds).items() if name.isupper()}
    assert len(named) > 30
    for name, value in named.items():
        assert isinstance(value, int | float), name
        assert value > 0, name


def test_settings_start_at_the_bounds() -> None:
    settings = Settings()
    assert settings.server.body_bytes_max == bounds.BODY_BYTES_MAX
    assert settings.upstream.read_s == bounds.READ_S
    assert settings.storage.outbox_bytes_max == bounds.OUTBOX_BYTES_MAX_DEFAULT
    assert settings.admission.min_output_tokens == bounds.MIN_OUTPUT_TOKENS
