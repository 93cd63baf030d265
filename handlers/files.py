"""The files that pages are made of."""

from __future__ import annotations

import os

from tornado.web import StaticFileHandler

from handlers.base import GuardedHandler
from handlers.contract import ANY, LABELS, SAME, Contract, Reply
from handlers.modules import STATIC
from service.errors import NotFound


class StaticHandler(GuardedHandler, StaticFileHandler):
    """The files that pages are made of, guarded like all else."""

    reach = "any"

    contract = Contract(
        "What pages are made of",
        {
            200: Reply("The file.", "*/*", headers=LABELS),
            206: Reply("The part that Range asks for.", "*/*"),
            304: SAME,
            416: Reply("There is no such part."),
        },
        (*ANY, 404),
        reads=("file",),
    )

    def initialize(self) -> None:  # type: ignore[override]  # the folder is ours to know
        super().initialize(str(STATIC))

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        if "\0" in absolute_path or not os.path.isfile(absolute_path):
            raise NotFound("there is nothing at this address")
        return super().validate_absolute_path(root, absolute_path)

    def set_extra_headers(self, path: str) -> None:
        self.set_header("Cache-Control", "no-cache")
