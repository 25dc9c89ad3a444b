"""The endpoints that cost tokens, seconds or characters: from a request's fields to its answer.

Batches run their lines through the same functions.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox import (
    chat,
    compaction,
    completions,
    embeddings,
    image_making,
    moderations,
    responses,
    speech,
    transcriptions,
)
from sandbox.answer import Answer, Ask
from sandbox.errors import no_model, wrong_type
from sandbox.faults import Directives
from sandbox.multipart import FilePart, read_values
from sandbox.world import World

NO_FILES: Mapping[str, list[FilePart]] = {}


@dataclass(frozen=True, slots=True)
class Metered:
    """One endpoint: how it answers, its model where none is named, and its form's numbers."""

    build: Callable[[Ask, World], Answer]
    model: str | None = None
    typed: tuple[str, ...] = ()


_IMAGE_NUMBERS = ("n", "stream", "partial_images", "output_compression")
_SOUND_NUMBERS = ("stream", "temperature")

METERED: Mapping[str, Metered] = {
    "/v1/chat/completions": Metered(lambda ask, world: chat.answer(ask, world.cache, world.chats)),
    "/v1/responses": Metered(
        lambda ask, world: responses.answer(ask, world.cache, world.memory, world.conversations)
    ),
    "/v1/responses/compact": Metered(
        lambda ask, world: compaction.answer(ask, world.cache, world.memory)
    ),
    "/v1/completions": Metered(lambda ask, _: completions.answer(ask)),
    "/v1/embeddings": Metered(lambda ask, _: embeddings.answer(ask)),
    "/v1/moderations": Metered(lambda ask, _: moderations.answer(ask), "omni-moderation-latest"),
    "/v1/images/generations": Metered(lambda ask, _: image_making.generation(ask), "gpt-image-1"),
    "/v1/images/edits": Metered(
        lambda ask, _: image_making.edit(ask), "gpt-image-1", _IMAGE_NUMBERS
    ),
    "/v1/images/variations": Metered(
        lambda ask, _: image_making.variation(ask), "dall-e-2", _IMAGE_NUMBERS
    ),
    "/v1/audio/speech": Metered(lambda ask, _: speech.answer(ask)),
    "/v1/audio/transcriptions": Metered(
        lambda ask, _: transcriptions.transcription(ask), None, _SOUND_NUMBERS
    ),
    "/v1/audio/translations": Metered(
        lambda ask, _: transcriptions.translation(ask), None, _SOUND_NUMBERS
    ),
}


def read_ask(
    world: World,
    path: str,
    fields: Mapping[str, Any],
    directives: Directives,
    created: int,
    serial: str,
    files: Mapping[str, list[FilePart]] = NO_FILES,
) -> Ask:
    """A request to a metered path, its model found; raises `ApiError` 400 or 404."""
    metered = METERED[path]
    if files:
        fields = read_values(fields, metered.typed)
    name = fields.get("model")
    if name is None:
        name = metered.model
    if name is None:
        raise no_model()
    if not isinstance(name, str):
        raise wrong_type("model", "a string", name)
    model = world.catalogue.find_for(name, path)
    served = world.catalogue.served_name(name)
    return Ask(path, fields, model, served, directives, created, serial, files)


def build(ask: Ask, world: World) -> Answer:
    """The answer to a request; raises `ApiError` 400."""
    return METERED[ask.path].build(ask, world)
