"""Uploaded files: asked for, sent to a URL of their own, completed, and only then of use in a message."""

import io
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from PIL import Image, UnidentifiedImageError

from bot.sandbox.slack.errors import ApiError

LARGEST = 2 * 1024 * 1024
"""Bytes that this Slack keeps of a file; the real one keeps a gigabyte."""

DOWNLOAD_PATH = "/files-pri/"

_MIMETYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "GIF": "image/gif"}
"""What image blocks show (docs.slack.dev, reference/block-kit/composition-objects/slack-file-object)."""


@dataclass(slots=True)
class File:
    """`content` is None until it has arrived. `unready`: so many messages that show it are refused yet."""

    id: str
    name: str
    length: int
    alt_text: str
    title: str = ""
    content: bytes | None = None
    mimetype: str = "application/octet-stream"
    width: int | None = None
    height: int | None = None
    is_complete: bool = False
    unready: int = 0
    owner: str = ""

    @property
    def is_image(self) -> bool:
        return self.width is not None


@dataclass(slots=True)
class Files:
    """`address`: where this Slack listens. `readable`: whether the app may read files."""

    known: dict[str, File] = field(default_factory=dict)
    address: str = ""
    readable: bool = False
    _tickets: dict[str, File] = field(default_factory=dict)

    def ticket(self, name: str, length: int, alt_text: str) -> tuple[File, str]:
        """A file to be, and the secret part of the URL that takes its content, once."""
        file = File(f"F0{secrets.token_hex(5).upper()}", name, length, alt_text)
        ticket = secrets.token_urlsafe(24)
        self.known[file.id] = file
        self._tickets[ticket] = file
        return file, ticket

    def receive(self, ticket: str, content: bytes) -> bool:
        """Take the content. False for a ticket that is unknown or used, and for another length than was announced."""
        file = self._tickets.get(ticket)
        if file is None or len(content) != file.length:
            return False
        del self._tickets[ticket]
        file.content = content
        try:
            with Image.open(io.BytesIO(content), formats=list(_MIMETYPES)) as image:
                image.verify()
                file.mimetype = _MIMETYPES[str(image.format)]
                file.width, file.height = image.size
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
            pass  # any other file is one, too
        return True

    def give(self, owner: str, name: str, content: bytes) -> File:
        """A file that a person has picked for an app: it is uploaded at once, and shared with nobody else."""
        file = File(f"F0{secrets.token_hex(5).upper()}", name, len(content), "", title=name, owner=owner)
        file.content, file.is_complete = content, True
        self.known[file.id] = file
        return file

    def given_by(self, owner: str) -> list[dict[str, Any]]:
        """What that person has given, as the app is told of it (docs.slack.dev, reference/objects/file-object)."""
        return [self._described(file) for file in self.known.values() if file.owner == owner]

    def _described(self, file: File) -> dict[str, Any]:
        kind = file.name.rpartition(".")[2].lower() if "." in file.name else "text"
        url = f"{self.address}{DOWNLOAD_PATH}{file.id}"
        return {
            "id": file.id,
            "name": file.name,
            "title": file.title,
            "mimetype": "text/csv" if kind == "csv" else "text/plain",
            "filetype": kind,
            "user": file.owner,
            "editable": False,
            "size": file.length,
            "mode": "hosted",
            "is_external": False,
            "is_public": False,
            "url_private": f"{url}/download/{quote(file.name)}",
            "url_private_download": f"{url}/download/{quote(file.name)}",
        }

    def to_complete(self, id_: str) -> File:
        """Raises `file_not_found` where there is no such upload, nothing has arrived, or it is complete already."""
        file = self.known.get(id_)
        if file is None or file.content is None or file.is_complete:
            raise ApiError("file_not_found")
        return file

    def shown(self, id_: str) -> File | None:
        """The file with that id, if somebody may see it."""
        file = self.known.get(id_)
        return file if file is not None and file.is_complete else None

    def problems(self, blocks: list[dict[str, Any]], at: str = "") -> list[str]:
        """What Slack says about images whose file is missing, is none, or is still being looked at.

        `at`: the JSON pointer of what holds the blocks. For blocks that the strict judge has found no fault with.
        """
        return [
            f"invalid slack file [json-pointer:{at}{where}/slack_file]"
            for where, source in _sources(blocks)
            if not self._take(source)
        ]

    def _take(self, source: dict[str, Any]) -> bool:
        file = self.shown(str(source.get("id")))
        if file is None or not file.is_image:
            return False
        if file.unready:
            file.unready -= 1
            return False
        return True


def ids_in(blocks: list[dict[str, Any]]) -> list[str]:
    """The files that the blocks show."""
    return [str(source["id"]) for _, source in _sources(blocks) if "id" in source]


def _sources(blocks: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, block in enumerate(blocks):
        where = f"/blocks/{number}"
        parts = [("", block), ("/accessory", block.get("accessory") or {})]
        if block.get("type") == "context":
            parts += [(f"/elements/{index}", element) for index, element in enumerate(block["elements"])]
        for below, part in parts:
            if part.get("type") == "image" and isinstance(part.get("slack_file"), dict):
                yield where + below, part["slack_file"]
