"""openai-python calls every endpoint that Purser lets through; `every.mjs` is its twin in Node.

Each call has a name of its own in two headers: Purser's ledger keeps the one, the upstream's
account the other.
"""

import json
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import openai
import pytest
from openai import OpenAI

from tests.clients.conftest import MODEL
from tests.proxy.requests import png
from tests.proxy.unit_talk import wav
from tests.waiting import wait_for

LATE_MS = "40"
MESSAGES: Any = [{"role": "user", "content": "Three titles for a spring sale."}]
ITEMS: Any = [{"type": "message", "role": "user", "content": "hello"}]
GRADER: Any = {"type": "string_check", "name": "a", "input": "a", "reference": "a",
               "operation": "eq"}  # fmt: skip


class EveryCall:
    """Makes the calls; `told` has what each one told of its tokens, None where the API does not.

    `owner` speaks to the upstream itself, and makes there what Purser refuses to order.
    """

    def __init__(self, client: OpenAI, owner: OpenAI) -> None:
        self._client = client
        self._owner = owner
        self.told: dict[str, int | None] = {}

    def run(self) -> dict[str, int | None]:
        """All of them; the first error that is not expected is raised."""
        groups: list[Callable[[], None]] = [
            self.chats, self.responses, self.background, self.texts, self.images, self.sounds,
            self.files, self.uploads, self.stores, self.conversations, self.containers, self.evals,
            self.videos, self.tuning, self.absent, self.realtime,
        ]  # fmt: skip
        with warnings.catch_warnings():
            # Some endpoints are on their way out; agents still call them.
            warnings.simplefilter("ignore", DeprecationWarning)
            for group in groups:
                group()
        return self.told

    def named(self, name: str, late_ms: str = LATE_MS) -> Mapping[str, str]:
        """The headers of the call of this name."""
        self.told.setdefault(name, None)
        text = f"python.{name}"
        return {"X-Execution-Id": text, "X-Test-Call": text, "X-Sandbox-Late-Ms": late_ms}

    @contextmanager
    def fails(self, name: str, status: int) -> Iterator[Mapping[str, str]]:
        """A call that has to be refused so, here or upstream."""
        with pytest.raises(openai.APIStatusError) as refused:
            yield self.named(name)
        assert refused.value.status_code == status

    def chats(self) -> None:
        """Chat completions, streamed and stored."""
        chat = self._client.chat.completions
        body: Any = {"model": MODEL, "messages": MESSAGES, "max_tokens": 20}
        self.paid("chat", chat.create(**body, extra_headers=self.named("chat")))
        usage = {"include_usage": True}
        chunks = chat.create(
            **body, stream=True, stream_options=usage, extra_headers=self.named("chat.stream")
        )
        self.paid("chat.stream", list(chunks)[-1])
        kept = chat.create(**body, store=True, extra_headers=self.named("chat.kept"))
        self.paid("chat.kept", kept)
        chat.list(extra_headers=self.named("chat.list"))
        chat.retrieve(kept.id, extra_headers=self.named("chat.retrieve"))
        chat.update(kept.id, metadata={"a": "b"}, extra_headers=self.named("chat.update"))
        chat.messages.list(kept.id, extra_headers=self.named("chat.messages"))
        chat.delete(kept.id, extra_headers=self.named("chat.delete"))

    def responses(self) -> None:
        """Responses, streamed and stored."""
        create = self._client.responses.create
        body: Any = {"model": MODEL, "input": "A haiku.", "max_output_tokens": 30}
        first = create(**body, extra_headers=self.named("responses"))
        self.paid("responses", first)
        events = list(create(**body, stream=True, extra_headers=self.named("responses.stream")))
        self.paid("responses.stream", events[-1].response)
        name = "responses.next"
        self.paid(
            name, create(**body, previous_response_id=first.id, extra_headers=self.named(name))
        )
        own = self._client.responses
        own.retrieve(first.id, extra_headers=self.named("responses.retrieve"))
        own.input_items.list(first.id, extra_headers=self.named("responses.items"))
        own.input_tokens.count(
            model=MODEL, input="hi", extra_headers=self.named("responses.tokens")
        )
        short = own.compact(
            model="gpt-5", input="hi", extra_headers=self.named("responses.compact")
        )
        self.paid("responses.compact", short)
        own.delete(first.id, extra_headers=self.named("responses.delete"))

    def background(self) -> None:
        """Responses in the background: one to its end, one cancelled."""
        own = self._client.responses
        body: Any = {"model": MODEL, "input": "A haiku.", "max_output_tokens": 30}
        late = own.create(**body, background=True, extra_headers=self.named("responses.background"))
        free = self.named("responses.poll")

        def over() -> Any:
            seen = own.retrieve(late.id, extra_headers=free)
            return seen if seen.status not in ("queued", "in_progress") else None

        self.paid("responses.background", wait_for(over, "the response"))
        own.retrieve(late.id, extra_headers=free)
        slow = self.named("responses.stopped", late_ms="60000")
        stopped = own.create(**body, background=True, extra_headers=slow)
        own.cancel(stopped.id, extra_headers=self.named("responses.cancel"))

    def texts(self) -> None:
        """What answers in text or numbers of the older kinds, and lists of models."""
        client = self._client
        text = client.completions.create(
            model="gpt-3.5-turbo-instruct", prompt="Spring is",
            extra_headers=self.named("completions"),
        )  # fmt: skip
        self.paid("completions", text)
        vectors = client.embeddings.create(
            model="text-embedding-3-small", input=["spring", "sale"],
            extra_headers=self.named("embeddings"),
        )  # fmt: skip
        self.paid("embeddings", vectors)
        client.moderations.create(input="hello", extra_headers=self.named("moderations"))
        client.models.list(extra_headers=self.named("models"))
        client.models.retrieve(MODEL, extra_headers=self.named("models.retrieve"))

    def images(self) -> None:
        """Images drawn, streamed, edited and varied."""
        images = self._client.images
        body: Any = {"model": "gpt-image-1", "prompt": "a cat", "quality": "low",
                     "size": "1024x1024"}  # fmt: skip
        self.paid("images", images.generate(**body, extra_headers=self.named("images")))
        events = images.generate(
            **body, stream=True, partial_images=2, extra_headers=self.named("images.stream")
        )
        self.paid("images.stream", list(events)[-1])
        edited = images.edit(
            **body, image=[("a.png", png(64, 64))], extra_headers=self.named("images.edit")
        )
        self.paid("images.edit", edited)
        # GPT image models know no variations, and the sandbox says so as OpenAI does.
        with self.fails("images.variation", 400) as headers:
            images.create_variation(
                image=("a.png", png(64, 64)), model="gpt-image-1", extra_headers=headers
            )

    def sounds(self) -> None:
        """Speech, transcriptions and translations."""
        audio = self._client.audio
        said: Any = {"model": "gpt-4o-mini-tts", "voice": "alloy", "input": "hello there"}
        audio.speech.create(**said, response_format="wav", extra_headers=self.named("speech"))
        with audio.speech.with_streaming_response.create(
            **said, stream_format="sse", extra_headers=self.named("speech.stream")
        ) as events:
            found = re.search(rb'"total_tokens":\s*(\d+)', b"".join(events.iter_bytes()))
        assert found is not None
        self.told["speech.stream"] = int(found[1])
        file = ("a.wav", wav(2.0))
        audio.transcriptions.create(
            model="whisper-1", file=file, extra_headers=self.named("transcription")
        )
        heard = audio.transcriptions.create(
            model="gpt-4o-transcribe", file=file, stream=True,
            extra_headers=self.named("transcription.stream"),
        )  # fmt: skip
        self.paid("transcription.stream", list(heard)[-1])
        audio.translations.create(
            model="whisper-1", file=file, extra_headers=self.named("translation")
        )

    def files(self) -> None:
        """Files, and a batch of the lines in one."""
        files = self._client.files
        body = {"model": MODEL, "messages": MESSAGES, "max_tokens": 9}
        line = {"method": "POST", "url": "/v1/chat/completions", "body": body}
        text = "".join(json.dumps({**line, "custom_id": name}) + "\n" for name in "ab")
        kept = files.create(
            file=("lines.jsonl", text.encode()), purpose="batch", extra_headers=self.named("files")
        )
        files.list(extra_headers=self.named("files.list"))
        files.retrieve(kept.id, extra_headers=self.named("files.retrieve"))
        files.content(kept.id, extra_headers=self.named("files.content"))
        self.batches(kept.id)
        files.delete(kept.id, extra_headers=self.named("files.delete"))

    def batches(self, file: str) -> None:
        """A batch to its end, with its output read; and one cancelled."""
        batches = self._client.batches
        order: Any = {"input_file_id": file, "endpoint": "/v1/chat/completions",
                      "completion_window": "24h"}  # fmt: skip
        batch = batches.create(**order, extra_headers=self.named("batch"))
        free = self.named("batch.poll")

        def reaches(name: str, status: str) -> Callable[[], Any]:
            def seen() -> Any:
                found = batches.retrieve(name, extra_headers=free)
                return found if found.status == status else None

            return seen

        over = wait_for(reaches(batch.id, "completed"), "the batch")
        lines = self._client.files.content(over.output_file_id, extra_headers=free).text
        self.told["batch"] = sum(
            json.loads(line)["response"]["body"]["usage"]["total_tokens"]
            for line in lines.splitlines()
        )
        batches.list(extra_headers=self.named("batch.list"))
        slow = batches.create(**order, extra_headers=self.named("batch.stopped", late_ms="2000"))
        batches.cancel(slow.id, extra_headers=self.named("batch.cancel"))
        wait_for(reaches(slow.id, "cancelled"), "the cancelled batch")

    def uploads(self) -> None:
        """A file in parts, and one that is given up."""
        uploads = self._client.uploads
        whole: Any = {"bytes": 6, "filename": "a.txt", "mime_type": "text/plain",
                      "purpose": "user_data"}  # fmt: skip
        upload = uploads.create(**whole, extra_headers=self.named("uploads"))
        parts = [
            uploads.parts.create(
                upload.id, data=text, extra_headers=self.named(f"uploads.part{index}")
            ).id
            for index, text in enumerate((b"abc", b"def"))
        ]
        done = uploads.complete(
            upload.id, part_ids=parts, extra_headers=self.named("uploads.complete")
        )
        assert done.file is not None
        assert done.file.bytes == 6
        given_up = uploads.create(**whole, extra_headers=self.named("uploads.other"))
        uploads.cancel(given_up.id, extra_headers=self.named("uploads.cancel"))

    def stores(self) -> None:
        """Vector stores that exist already: read, searched, deleted."""
        file = self._owner.files.create(file=("a.txt", b"spring sale"), purpose="assistants")
        store = self._owner.vector_stores.create(name="notes", file_ids=[file.id]).id
        batch = self._owner.vector_stores.file_batches.create(store, file_ids=[file.id]).id
        stores = self._client.vector_stores
        with self.fails("stores.create", 403) as headers:
            stores.create(name="more", extra_headers=headers)
        stores.list(extra_headers=self.named("stores"))
        stores.retrieve(store, extra_headers=self.named("stores.retrieve"))
        stores.files.list(store, extra_headers=self.named("stores.files"))
        inside: Any = {"vector_store_id": store}
        stores.files.content(file.id, **inside, extra_headers=self.named("stores.content"))
        stores.file_batches.retrieve(batch, **inside, extra_headers=self.named("stores.batch"))
        stores.search(store, query="spring", extra_headers=self.named("stores.search"))
        stores.files.delete(file.id, **inside, extra_headers=self.named("stores.remove"))
        stores.delete(store, extra_headers=self.named("stores.delete"))

    def conversations(self) -> None:
        """Conversations, their items, and a response that goes on from one."""
        talks = self._client.conversations
        talk = talks.create(items=ITEMS, extra_headers=self.named("talks")).id
        talks.retrieve(talk, extra_headers=self.named("talks.retrieve"))
        talks.update(talk, metadata={"a": "b"}, extra_headers=self.named("talks.update"))
        added: Any = talks.items.create(talk, items=ITEMS, extra_headers=self.named("talks.add"))
        item = added.data[0].id
        talks.items.list(talk, extra_headers=self.named("talks.items"))
        talks.items.retrieve(item, conversation_id=talk, extra_headers=self.named("talks.item"))
        answer = self._client.responses.create(
            model=MODEL, input="And now?", conversation=talk, max_output_tokens=20,
            extra_headers=self.named("talks.answer"),
        )  # fmt: skip
        self.paid("talks.answer", answer)
        talks.items.delete(item, conversation_id=talk, extra_headers=self.named("talks.remove"))
        talks.delete(talk, extra_headers=self.named("talks.delete"))

    def containers(self) -> None:
        """Containers that exist already, and the files in them."""
        box = self._owner.containers.create(name="box").id
        file = self._owner.containers.files.create(box, file=("a.txt", b"x")).id
        boxes = self._client.containers
        with self.fails("boxes.create", 403) as headers:
            boxes.create(name="more", extra_headers=headers)
        boxes.list(extra_headers=self.named("boxes"))
        boxes.retrieve(box, extra_headers=self.named("boxes.retrieve"))
        boxes.files.list(box, extra_headers=self.named("boxes.files"))
        inside: Any = {"container_id": box}
        boxes.files.retrieve(file, **inside, extra_headers=self.named("boxes.file"))
        boxes.files.content.retrieve(file, **inside, extra_headers=self.named("boxes.content"))
        boxes.files.delete(file, **inside, extra_headers=self.named("boxes.remove"))
        boxes.delete(box, extra_headers=self.named("boxes.delete"))

    def evals(self) -> None:
        """Evals that exist already."""
        source: Any = {"type": "custom", "item_schema": {"type": "object"}}
        made = self._owner.evals.create(data_source_config=source, testing_criteria=[GRADER]).id
        evals = self._client.evals
        with self.fails("evals.update", 403) as headers:
            evals.update(made, name="x", extra_headers=headers)
        evals.list(extra_headers=self.named("evals"))
        evals.retrieve(made, extra_headers=self.named("evals.retrieve"))
        evals.runs.list(made, extra_headers=self.named("evals.runs"))
        evals.delete(made, extra_headers=self.named("evals.delete"))

    def videos(self) -> None:
        """A video from its order to its deletion."""
        videos = self._client.videos
        made = videos.create(
            model="sora-2", prompt="a cat", seconds="4", extra_headers=self.named("videos")
        ).id
        free = self.named("videos.poll")
        wait_for(
            lambda: videos.retrieve(made, extra_headers=free).status == "completed", "the video"
        )
        videos.list(extra_headers=self.named("videos.list"))
        assert videos.download_content(made, extra_headers=self.named("videos.content")).content
        with self.fails("videos.remix", 403) as headers:
            videos.remix(made, prompt="a dog", extra_headers=headers)
        videos.delete(made, extra_headers=self.named("videos.delete"))

    def tuning(self) -> None:
        """Fine-tuning: the list is empty, and a job by its id is nobody's."""
        jobs, job = self._client.fine_tuning.jobs, "ftjob-1"
        jobs.list(extra_headers=self.named("tuning"))
        for name, work in (
            ("retrieve", jobs.retrieve),
            ("events", jobs.list_events),
            ("cancel", jobs.cancel),
            ("pause", jobs.pause),
        ):
            with self.fails(f"tuning.{name}", 404) as headers:
                work(job, extra_headers=headers)
        with self.fails("graders", 404) as headers:
            self._client.fine_tuning.alpha.graders.validate(grader=GRADER, extra_headers=headers)

    def absent(self) -> None:
        """What the sandbox has none of: the answer is its own 404, through Purser."""
        client = self._client
        with self.fails("skills", 404) as headers:
            client.skills.list(extra_headers=headers)
        with self.fails("skills.retrieve", 404) as headers:
            client.skills.retrieve("skill_1", extra_headers=headers)
        with self.fails("skills.delete", 404) as headers:
            client.skills.delete("skill_1", extra_headers=headers)
        assistants: Any = client.beta.assistants
        threads: Any = client.beta.threads
        for name, work, argument in (
            ("assistants", assistants.list, ()),
            ("assistants.retrieve", assistants.retrieve, ("asst_1",)),
            ("assistants.delete", assistants.delete, ("asst_1",)),
            ("threads.retrieve", threads.retrieve, ("thread_1",)),
            ("threads.delete", threads.delete, ("thread_1",)),
        ):
            with self.fails(name, 404) as headers:
                work(*argument, extra_headers=headers)

    def realtime(self) -> None:
        """A session over WebSocket with one response."""
        with self._client.realtime.connect(
            model="gpt-realtime", extra_headers=self.named("realtime")
        ) as session:
            session.session.update(session={"type": "realtime", "output_modalities": ["text"]})
            content: Any = [{"type": "input_text", "text": "Hello"}]
            session.conversation.item.create(
                item={"type": "message", "role": "user", "content": content}
            )
            session.response.create()
            for event in session:
                assert event.type != "error", event
                if event.type == "response.done":
                    self.paid("realtime", event.response)
                    return

    def paid(self, name: str, answer: Any) -> None:
        """What this call's answer said of its tokens."""
        self.told[name] = answer.usage.total_tokens
