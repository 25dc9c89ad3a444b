"""How many input tokens the parts of a request can be, and which parts cannot be seen.

OpenAI wraps each text in markers of its own and renders tools in a notation of its own. Every
string is therefore counted by itself, exactly as it will stand between markers, and every key,
string and container adds an overhead that covers the dearest rendering known: OpenAI's cookbook
("How to count tokens with tiktoken") has 3 tokens a message, 1 a name, 3 a property, 3 an
enumerated value, 10 + 12 a function. Fields that are rendered as JSON are counted as JSON too,
and the larger count holds: merging across quotes can make either the shorter one.
"""

from dataclasses import dataclass
from typing import Any, Final

from proxy.images import image_tokens_max
from proxy.tokens import TokenCounter

STRING_OVERHEAD: Final = 3
KEY_OVERHEAD: Final = 3
CONTAINER_OVERHEAD: Final = 2
MESSAGE_OVERHEAD: Final = 4
TOOL_OVERHEAD: Final = 32
FIELD_OVERHEAD: Final = 32
"""What introduces a field: "# Tools", "# Response Formats", and the like."""

_COUNTED_PER_MESSAGE: Final = 3

IMAGE_TYPES: Final = frozenset(
    {"image_url", "input_image", "computer_screenshot", "image_generation_call"}
)
AUDIO_TYPES: Final = frozenset({"input_audio"})
FILE_TYPES: Final = frozenset({"file", "input_file", "input_video", "video_url"})
REFERENCE_TYPES: Final = frozenset({"item_reference"})

_CARRIERS: Final = frozenset({"image_url", "url", "file_data", "data", "result"})
"""Keys of such parts whose text is the medium itself, never read as text."""

_ENCRYPTED: Final = "encrypted_content"
"""Reasoning handed back: its plain text has fewer bytes than its base64, and no more tokens."""

_NOT_TEXT: Final = frozenset({"type", "id", "status", "detail", "call_id", "tool_call_id"})


@dataclass(slots=True)
class TextBound:
    """Running totals of one request, tokens."""

    counter: TokenCounter
    model: str | None
    bound: int = 0
    """Never too few."""
    counted: int = 0
    """As OpenAI will most likely count: for a call that ends without usage."""
    image_tokens: int = 0
    unseen: str | None = None
    """The first part whose size cannot be seen here."""
    has_audio: bool = False
    has_file: bool = False

    def add_messages(self, value: Any) -> None:
        """Messages or input items: their texts stand alone between markers."""
        self._walk(value)
        messages = len(value) if isinstance(value, list) else 1
        self.bound += FIELD_OVERHEAD + messages * MESSAGE_OVERHEAD
        self.counted += (messages + 1) * _COUNTED_PER_MESSAGE

    def add_field(self, value: Any, text: str) -> None:
        """Tools, schemas and any other field; `text` is its JSON as the client wrote it."""
        bound, counted = self.bound, self.counted
        self._walk(value)
        as_json = self.counter.count(text)
        tools = len(value) if isinstance(value, list) else 0
        self.bound = max(self.bound, bound + as_json) + FIELD_OVERHEAD + tools * TOOL_OVERHEAD
        self.counted = max(self.counted, counted + as_json)

    def add_text(self, text: str, overhead: int) -> None:
        """One text that is sent bare."""
        tokens = self.counter.count(text)
        self.bound += tokens + overhead
        self.counted += tokens

    def _walk(self, value: Any) -> None:
        """Depth first without recursion; the order in which texts are counted is the body's."""
        stack: list[tuple[str, Any, bool]] = [("", value, False)]
        while stack:
            key, item, in_medium = stack.pop()
            if isinstance(item, dict):
                medium = self._medium(item) or (in_medium and key != "content")
                self.bound += CONTAINER_OVERHEAD
                for name, below in reversed(item.items()):
                    self.bound += self.counter.count(name) + KEY_OVERHEAD
                    stack.append((name, below, medium))
            elif isinstance(item, list):
                self.bound += CONTAINER_OVERHEAD
                stack.extend((key, below, in_medium) for below in reversed(item))
            elif isinstance(item, str):
                if not (in_medium and key in _CARRIERS):
                    self._string(key, item)
            else:
                self.bound += len(repr(item)) + 1

    def _string(self, key: str, text: str) -> None:
        tokens = len(text) if key == _ENCRYPTED else self.counter.count(text)
        self.bound += tokens + STRING_OVERHEAD
        if key not in _NOT_TEXT:
            self.counted += tokens

    def _medium(self, item: dict[str, Any]) -> bool:
        """Whether this is a part that carries something else than text; notes its cost."""
        kind = item.get("type")
        if not isinstance(kind, str):
            return False
        if kind in IMAGE_TYPES:
            self._image(item)
        elif kind in AUDIO_TYPES:
            self.has_audio = True
            self.unseen = self.unseen or kind
        elif kind in FILE_TYPES:
            self.has_file = True
            self.unseen = self.unseen or kind
        elif kind in REFERENCE_TYPES:
            self.unseen = self.unseen or kind
            return False
        else:
            return False
        return True

    def _image(self, item: dict[str, Any]) -> None:
        inner = item.get("image_url")
        detail = inner.get("detail") if isinstance(inner, dict) else item.get("detail")
        tokens = image_tokens_max(self.model, detail if isinstance(detail, str) else None)
        if tokens is None:
            self.unseen = self.unseen or "image"
        else:
            self.image_tokens += tokens
            self.bound += tokens
            self.counted += tokens
