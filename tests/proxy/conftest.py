"""What the proxy's tests share. Two noisy cores: how long one example takes says nothing."""

import pytest
from hypothesis import settings

from proxy.forward import Upstream
from tests.proxy.stand import stand, terms
from tests.proxy.upstreams import answering, http, upstream

settings.register_profile("noisy", deadline=None)
settings.load_profile("noisy")


@pytest.fixture
async def client():
    upstream = Upstream()
    yield upstream
    await upstream.aclose()


@pytest.fixture
async def far():
    """An upstream that answers everything with an empty object."""
    async with upstream(answering(http(200, b"{}"))) as running:
        yield running


@pytest.fixture
async def here(far):
    """A proxy in front of `far`."""
    async with stand(terms(far.url)) as running:
        yield running
