"""Every route of the sandbox that is not answered straight from a model."""

from urllib.parse import unquote

from sandbox.background import Background
from sandbox.batches import Batches
from sandbox.containers import Containers
from sandbox.kept_chats import KeptChats
from sandbox.kept_responses import KeptResponses
from sandbox.routes import Request, Route
from sandbox.shelf import Document
from sandbox.unplayed import Unplayed
from sandbox.uploads import Uploads
from sandbox.vector_stores import VectorStores
from sandbox.videos import Videos
from sandbox.world import World


def all_routes(world: World, background: Background) -> list[Route]:
    """The whole table, in the order in which it is searched."""

    def one_model(request: Request) -> Document:
        return world.catalogue.one(unquote(request.names[0]))

    return [
        ("GET", "/v1/models", lambda _: world.catalogue.listed()),
        ("GET", "/v1/models/{*model}", one_model),
        *KeptResponses(world, background).routes(),
        *KeptChats(world.chats).routes(),
        *world.conversations.routes(),
        *world.files.routes(),
        *Uploads(world.files).routes(),
        *VectorStores(world).routes(),
        *Containers(world).routes(),
        *Batches(world).routes(),
        *Videos(world).routes(),
        *Unplayed().routes(),
    ]
