"""Tokens: the file in the state folder that holds who was let in, and the key that links are signed with."""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import logging
import os
import secrets
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from service.access import Link, Token
from service.errors import printable
from service.layers import ConfigError

FILE = "access.json"
PREFIX = "plotd_"  # so that a token that leaked is known for what it is
SECRET_BYTES = 32
SESSION_S = 30 * 86_400.0  # a browser that was let in for longer shows its token again

log = logging.getLogger(__name__)


class Kept(BaseModel):
    """What the file holds; *key* is nobody's but the daemon's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    tokens: tuple[Token, ...] = ()
    links: tuple[Link, ...] = ()


class Tokens:
    """The tokens and links there are, as they are in *folder* now: a command changes them while the daemon runs."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._kept = Kept(key="")
        self._seen: tuple[int, ...] = ()

    @property
    def kept(self) -> Kept:
        """What there is. Of a file that can't be read, nothing holds: that is said once in the log."""
        seen = self._state()
        if seen != self._seen:
            self._seen = seen
            try:
                self._kept = read(self._file)
            except ConfigError as error:
                log.warning("%s: no token and no link holds", error)
                self._kept = Kept(key="")
        return self._kept

    @property
    def key(self) -> bytes:
        """What signatures are made with; empty if there is none, and no signature holds."""
        return self.kept.key.encode()

    def find(self, text: str) -> Token | None:
        """Return the token that *text* is, if it holds. Takes as long whichever it is."""
        digest = digest_of(text)
        found = [token for token in self.kept.tokens if hmac.compare_digest(token.digest, digest)]
        return next((token for token in found if not token.has_ended), None)

    def link(self, link_id: str) -> Link | None:
        """Return the link of that id, if it wasn't revoked."""
        return next((link for link in self.kept.links if link.id == link_id), None)

    def holds(self, grant: Token | Link) -> bool:
        """Say whether *grant* is still as it was given."""
        return not grant.has_ended and (grant in self.kept.tokens or grant in self.kept.links)

    def session(self, token: Token) -> tuple[str, float]:
        """Return what a browser shows in place of *token* from now on, and for how many seconds."""
        now_s = time.time()
        ends_s = min(now_s + SESSION_S, token.ends_s or now_s + SESSION_S)
        return f"{token.name}.{ends_s:.0f}.{self._sign_session(token, f'{ends_s:.0f}')}", ends_s - now_s

    def of_session(self, text: str) -> Token | None:
        """Return the token that the session *text* stands for, if both hold."""
        name, _, rest = text.partition(".")
        ends_s, _, signature = rest.partition(".")
        token = next((token for token in self.kept.tokens if token.name == name), None)
        if token is None or not ends_s.isascii() or not ends_s.isdecimal() or len(ends_s) > 12:
            return None
        if not self.key or not is_same(self._sign_session(token, ends_s), signature):
            return None
        return None if token.has_ended or int(ends_s) <= time.time() else token

    def _sign_session(self, token: Token, ends_s: str) -> str:
        return sign(self.key, "session", token.name, token.digest, ends_s)

    def _state(self) -> tuple[int, ...]:
        try:
            found = os.stat(self._file)
        except OSError as error:
            return (error.errno or 0,)
        return (found.st_mtime_ns, found.st_size, found.st_ino)


def any_in(folder: Path) -> bool:
    """Say whether anybody has a token of the daemon that keeps its state in *folder*. Raises ConfigError."""
    return any(not token.has_ended for token in read(folder / FILE).tokens)


def add(folder: Path, token: Token) -> str:
    """Keep *token*, with the digest of a new secret; return that, which is never told again. Raises ConfigError."""
    text = PREFIX + secrets.token_urlsafe(SECRET_BYTES)

    def with_it(kept: Kept) -> Kept:
        if any(other.name == token.name for other in kept.tokens):
            raise ConfigError(f"there is a token {token.name} already: revoke it, or take another name")
        new = token.model_copy(update={"digest": digest_of(text)})
        return kept.model_copy(update={"tokens": (*kept.tokens, new)})

    change(folder, with_it)
    return text


def revoke(folder: Path, name: str) -> None:
    """Take back the token *name*. Raises ConfigError."""

    def without(kept: Kept) -> Kept:
        left = tuple(token for token in kept.tokens if token.name != name)
        if left == kept.tokens:
            raise ConfigError(f"there is no token {name!r}")
        return kept.model_copy(update={"tokens": left})

    change(folder, without)


def add_link(folder: Path, link: Link) -> bytes:
    """Keep *link*, and return the key to sign it with; those that ended are forgotten. Raises ConfigError."""

    def with_it(kept: Kept) -> Kept:
        links = (*(other for other in kept.links if not other.has_ended), link)
        return kept.model_copy(update={"links": links})

    return change(folder, with_it).key.encode()


def revoke_link(folder: Path, link_id: str) -> None:
    """Take back the link of that id. Raises ConfigError."""

    def without(kept: Kept) -> Kept:
        left = tuple(link for link in kept.links if link.id != link_id)
        if left == kept.links:
            raise ConfigError(f"there is no link {link_id!r}")
        return kept.model_copy(update={"links": left})

    change(folder, without)


def read(file: Path) -> Kept:
    """Return what *file* holds; nothing if it isn't there. Raises ConfigError."""
    try:
        return Kept.model_validate_json(file.read_bytes())
    except FileNotFoundError:
        return Kept(key="")
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from error
    except ValidationError as error:
        raise ConfigError(f"{file} is damaged: {printable(str(error.errors()[0]['msg']))}") from error


def change(folder: Path, edit: Callable[[Kept], Kept]) -> Kept:
    """Keep in *folder* what *edit* makes of what is kept there, and return it. Raises ConfigError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(folder / f"{FILE}.lock", "a", opener=open_here) as lock:
            give_to_owner(lock.fileno(), folder)
            fcntl.flock(lock, fcntl.LOCK_EX)
            kept = read(folder / FILE)
            with_key = kept if kept.key else kept.model_copy(update={"key": secrets.token_hex(SECRET_BYTES)})
            changed = edit(with_key)
            write(folder / FILE, changed)
    except OSError as error:
        raise ConfigError(f"{error.filename or folder}: {error.strerror}") from error
    return changed


def write(file: Path, kept: Kept) -> None:
    """Replace *file*, whole, by one that nobody but the daemon's user may read."""
    with tempfile.NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}.", delete=False) as new:
        try:
            new.write(kept.model_dump_json(indent=1).encode())
            new.flush()
            os.fsync(new.fileno())
            give_to_owner(new.fileno(), file.parent)
            os.replace(new.name, file)
        except BaseException:
            os.unlink(new.name)
            raise


def open_here(path: str, flags: int) -> int:
    """Open a file that only its owner may read; where it's a link, say to a file of root's, raise OSError."""
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def give_to_owner(descriptor: int, folder: Path) -> None:
    """Let an open file belong to whom *folder* belongs to: root may add a token for a daemon that isn't root's."""
    owner = folder.stat()
    if os.geteuid() == 0:
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def digest_of(text: str) -> str:
    """Return what is kept of a token: it is random, and long enough that no slow hash is needed."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def sign(key: bytes, *parts: str) -> str:
    """Return the signature of *parts*, in letters that a URL and a cookie hold as they are."""
    words = "".join(f"{len(part)}:{part}" for part in parts)
    return hmac.new(key, words.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def is_same(one: str, other: str) -> bool:
    """Say whether two texts are the same, in a time that doesn't tell how far they are."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))
