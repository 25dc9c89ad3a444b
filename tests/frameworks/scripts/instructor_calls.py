"""Instructor: an answer in a schema, a partial one as it comes, and one by a tool call."""

import instructor
from calls import MODEL, QUESTION, main
from instructor.core import InstructorRetryException
from pydantic import BaseModel

MESSAGES = [{"role": "user", "content": QUESTION}]


class Titles(BaseModel):
    titles: list[str]


def client(mode: instructor.Mode) -> instructor.Instructor:
    return instructor.from_provider(f"openai/{MODEL}", mode=mode)


def chat() -> object:
    made = client(instructor.Mode.JSON_SCHEMA).create(response_model=Titles, messages=MESSAGES)
    return type(made).__name__


def stream() -> object:
    parts = client(instructor.Mode.TOOLS).create_partial(response_model=Titles, messages=MESSAGES)
    return len(list(parts))


def tool() -> object:
    made = client(instructor.Mode.TOOLS).create(response_model=Titles, messages=MESSAGES)
    return type(made).__name__


main({"chat": chat, "stream": stream, "tool": tool}, InstructorRetryException)
