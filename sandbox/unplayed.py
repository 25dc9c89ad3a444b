"""What the sandbox does not play: lists are empty, definitions are kept, work is refused.

Fine-tuning and runs of evals spend where no single call shows it, so nothing is made up here.
"""

from sandbox.errors import ApiError, missing
from sandbox.routes import Handler, Request, Route
from sandbox.shelf import Document, Shelf, listed, metadata_of

CLIENT_SECRET_S = 600


class Unplayed:
    """Fine-tuning, evals, and the keys of browsers for realtime sessions."""

    def __init__(self) -> None:
        self._evals = Shelf("eval")

    def routes(self) -> list[Route]:
        """What is served here."""
        jobs, evals, one = "/v1/fine_tuning/jobs", "/v1/evals", "/v1/evals/{id}"
        return [
            ("GET", jobs, lambda request: listed([], request.query, "desc")),
            ("POST", jobs, _refuse("fine-tuning jobs")),
            ("GET", f"{jobs}/{{id}}", _no_job),
            ("POST", f"{jobs}/{{id}}/cancel", _no_job),
            ("GET", f"{jobs}/{{id}}/events", _no_job),
            ("GET", f"{jobs}/{{id}}/checkpoints", _no_job),
            ("POST", "/v1/fine_tuning/alpha/graders/run", _refuse("graders")),
            ("POST", evals, self._create),
            ("GET", evals, lambda request: self._evals.listed(request.query)),
            ("GET", one, lambda request: self._evals.one(request.names[0])),
            ("POST", one, self._update),
            ("DELETE", one, self._delete),
            ("GET", f"{one}/runs", self._runs),
            ("POST", f"{one}/runs", _refuse("runs of evals")),
            ("POST", "/v1/realtime/client_secrets", _client_secret),
            ("POST", "/v1/realtime/calls", _refuse("WebRTC calls")),
        ]

    def _create(self, request: Request) -> Document:
        fields = request.fields()
        for name in ("data_source_config", "testing_criteria"):
            if fields.get(name) is None:
                raise missing(name)
        return self._evals.keep(
            {
                "id": f"eval_{request.serial}",
                "object": "eval",
                "created_at": request.created,
                "name": fields.get("name") or "",
                "data_source_config": fields["data_source_config"],
                "testing_criteria": fields["testing_criteria"],
                "metadata": metadata_of(fields),
            }
        )

    def _update(self, request: Request) -> Document:
        fields = request.fields()
        given = {"name": fields["name"]} if "name" in fields else {}
        if "metadata" in fields:
            given["metadata"] = metadata_of(fields)
        return self._evals.change(request.names[0], **given)

    def _delete(self, request: Request) -> Document:
        self._evals.take(request.names[0])
        return {"eval_id": request.names[0], "object": "eval.deleted", "deleted": True}

    def _runs(self, request: Request) -> Document:
        self._evals.one(request.names[0])
        return listed([], request.query, "desc")


def _refuse(what: str) -> Handler:
    def refuse(_: Request) -> Document:
        raise ApiError(400, f"The sandbox does not play {what}.", code="sandbox_not_played")

    return refuse


def _no_job(request: Request) -> Document:
    name = request.names[0]
    raise ApiError(404, f"Could not find fine tune: {name}", code="fine_tune_not_found")


def _client_secret(request: Request) -> Document:
    """A key for a browser; sessions opened with it are billed like any other."""
    asked = request.fields().get("session") or {}
    session = {
        "type": "realtime",
        "object": "realtime.session",
        "id": f"sess_{request.serial}",
        **asked,
    }
    return {
        "value": f"ek_{request.serial}",
        "expires_at": request.created + CLIENT_SECRET_S,
        "session": session,
    }
