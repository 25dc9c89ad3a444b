"""Which models exist here (config's table), and `GET /v1/models`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from config.models import Model, ModelTable
from sandbox.errors import ApiError, unknown_model, wrong_endpoint

SNAPSHOT = re.compile(r"-\d{4}-\d{2}-\d{2}")
CREATED = 1_715_367_049
"""One date for all: the price list carries none."""

SERVED_MODES: Mapping[str, tuple[str, ...]] = {
    "/v1/chat/completions": ("chat",),
    "/v1/responses": ("chat", "responses"),
    "/v1/completions": ("completion",),
    "/v1/embeddings": ("embedding",),
    "/v1/responses/compact": ("chat", "responses"),
    "/v1/moderations": ("moderation",),
    "/v1/images/generations": ("image_generation",),
    "/v1/images/edits": ("image_generation",),
    "/v1/images/variations": ("image_generation",),
    "/v1/audio/speech": ("audio_speech",),
    "/v1/audio/transcriptions": ("audio_transcription",),
    "/v1/audio/translations": ("audio_transcription",),
    "/v1/videos": ("video_generation",),
    "/v1/realtime": ("realtime",),
}
"""The metered paths, and the modes of model that each serves."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The models this sandbox knows."""

    table: ModelTable
    _served: dict[str, str] = field(default_factory=dict)

    def find(self, name: str) -> Model:
        """The model of this name; raises `ApiError` 404."""
        model = self.table.resolve(name)
        if model is None:
            raise unknown_model(name)
        return model

    def find_for(self, name: str, path: str) -> Model:
        """The model of this name if `path` serves it; raises `ApiError` 404."""
        model = self.find(name)
        if model.mode not in SERVED_MODES[path]:
            raise wrong_endpoint(name, path)
        return model

    def served_name(self, name: str) -> str:
        """The name in an answer: an alias's latest snapshot of the same price, else itself."""
        known = self.table.models.get(name)
        if known is None:
            return name
        if name not in self._served:
            dated = [
                one
                for one, model in self.table.models.items()
                if SNAPSHOT.fullmatch(one.removeprefix(name)) and model.prices == known.prices
            ]
            self._served[name] = max(dated, default=name)
        return self._served[name]

    def listed(self) -> dict[str, Any]:
        """The body of `GET /v1/models`."""
        return {"object": "list", "data": [_entry(name) for name in sorted(self.table.models)]}

    def one(self, name: str) -> dict[str, Any]:
        """The body of `GET /v1/models/{model}`; raises `ApiError` 404."""
        try:
            self.find(name)
        except ApiError as error:
            error.param = "model"
            raise
        return _entry(name)


def _entry(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": CREATED, "owned_by": "system"}
