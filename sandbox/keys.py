"""Any bearer token is good, but one that OpenAI would not know."""

from sandbox.errors import WRONG_KEY, no_key, wrong_key


def check_key(authorization: str) -> None:
    """Check an `Authorization` header; raises `ApiError` 401."""
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise no_key()
    if key.strip().startswith(WRONG_KEY):
        raise wrong_key(key.strip())
