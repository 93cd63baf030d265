"""Config: every setting, from its default, config.yaml, the environment and flags. The manual is config.yaml itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    PlainValidator,
    ValidationError,
)

from service import tls, tokens
from service.access import Scope
from service.addresses import check_base_url, check_host, check_network, check_scheduler, is_loopback
from service.layers import (
    ConfigError,
    Key,
    describe,
    label,
    merge,
    read_environment,
    read_file,
    read_flags,
)
from service.store import state_folder
from service.walls import check_wall

__all__ = ["MANUAL", "SETTINGS", "Config", "ConfigError", "is_loopback", "load"]

MANUAL = Path(__file__).with_name("config.yaml")  # every setting with its default: a file to start from
PREFIX = "PLOTD_"
LONGEST_SOCKET = 107  # bytes: what the kernel has room for


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _check_socket(path: Path | None) -> Path | None:
    if path is not None and len(os.fsencode(path)) > LONGEST_SOCKET:
        raise ValueError(f"a path of at most {LONGEST_SOCKET} bytes")
    return path


def _check_pair(files: tuple[Path, ...]) -> tuple[Path, ...]:
    if len(files) not in (0, 2):
        raise ValueError("a list of two files, the certificate and its key")
    return files


def _check_open(value: object) -> object:
    words = {"auto": "auto", "true": True, "false": False}
    if isinstance(value, bool) or (isinstance(value, str) and value in words):
        return words[value] if isinstance(value, str) else value
    raise ValueError("auto, true or false")


Host = Annotated[str, AfterValidator(check_host)]
Hosts = Annotated[tuple[Host, ...], BeforeValidator(_as_tuple)]
Networks = Annotated[tuple[Annotated[str, AfterValidator(check_network)], ...], BeforeValidator(_as_tuple)]
Paths = Annotated[tuple[Path, ...], BeforeValidator(_as_tuple)]
Walls = Annotated[
    dict[Annotated[str, Field(min_length=1)], Annotated[str, AfterValidator(check_wall)]],
    BeforeValidator(lambda walls: {} if walls is None else walls),
]
AboveZero = Annotated[FiniteFloat, Field(gt=0)]
NotNegative = Annotated[FiniteFloat, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Listen(_Section):
    """Where the daemon answers, and to whom."""

    address: Host = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 9999
    hosts: Hosts = ()
    embed: Literal["same-origin", "same-site", "cross-origin"] = "same-origin"
    backlog: Annotated[int, Field(ge=1, le=65535)] = 128
    unix_socket: Annotated[
        Path | None, BeforeValidator(lambda path: None if path == "" else path), AfterValidator(_check_socket)
    ] = None
    tls: Annotated[Paths, AfterValidator(_check_pair)] = ()
    base_url: Annotated[str, AfterValidator(check_base_url)] = ""
    trusted_proxies: Networks = ()
    max_connections: Count = 10_000
    max_url_bytes: Annotated[int, Field(ge=256)] = 8192
    max_header_bytes: Annotated[int, Field(ge=1024)] = 32_768
    max_parameters: Count = 1000
    max_body_bytes: Count = 65_536
    receive_timeout_s: AboveZero = 10.0
    send_timeout_s: AboveZero = 20.0
    max_unsent_mb: Count = 256

    @property
    def is_far(self) -> bool:
        """Whether other machines can reach us without a proxy."""
        return self.unix_socket is None and not is_loopback(self.address)

    @property
    def prefix(self) -> str:
        """The path below which a browser finds us, without a slash at its end; empty where that is the whole host."""
        return urlsplit(self.base_url).path

    @property
    def origin(self) -> str:
        """The scheme, host and port that a browser finds us at, if the base URL says so."""
        return self.base_url.removesuffix(self.prefix)

    def inside(self, url: str) -> str:
        """Return *url*, a path with or without a query, without the prefix, if it begins with that."""
        rest = url.removeprefix(self.prefix)
        if rest == url or rest[:1] not in ("/", "?", ""):
            return url
        return rest if rest.startswith("/") else f"/{rest}"


class Plots(_Section):
    """What is served."""

    paths: Paths = ()


class Render(_Section):
    """How pictures are drawn."""

    workers: Count = 2
    queue: Count = 64
    timeout_s: AboveZero = 30.0
    max_pixels: Count = 16_000_000
    max_rows: Count = 2_000_000
    show_tracebacks: Literal["auto", "always", "never"] = "auto"
    executor: Literal["threads", "processes", "dask"] = "threads"
    recycle_after: Count = 200
    memory_mb: Annotated[int, Field(ge=256)] = 2048
    dask_scheduler: Annotated[str, AfterValidator(check_scheduler)] = ""


class Cache(_Section):
    """What is kept."""

    memory_mb: Count = 256
    unknown_s: AboveZero = 10.0
    max_requests_per_plot: Count = 200


class Live(_Section):
    """How pages hear of changes."""

    min_interval_s: NotNegative = 0.2
    rest: NotNegative = 1.0
    min_every_s: AboveZero = 0.5
    ping_s: AboveZero = 20.0
    poll_s: AboveZero = 1.0
    max_message_bytes: Annotated[int, Field(ge=256)] = 65_536
    max_watched: Count = 2000
    max_wait_s: AboveZero = 60.0
    max_waiters: Count = 1000
    max_streams: Count = 200

    def rest_s(self, seconds: float) -> float:
        """Return for how long a picture is not drawn again that took *seconds* to draw."""
        return max(self.min_interval_s, seconds * self.rest)


class Stop(_Section):
    """How the daemon ends."""

    grace_s: NotNegative = 10.0


class Auth(_Section):
    """Who may look, and do more than that."""

    open: Annotated[Literal["auto"] | bool, PlainValidator(_check_open)] = "auto"
    user_header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]*$")] = ""
    user_scopes: Annotated[tuple[Scope, ...], BeforeValidator(_as_tuple)] = ("view",)
    max_failures: Count = 10


class Log(_Section):
    """What is written to stderr."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"
    access: bool = False


class Config(_Section):
    """Every setting, checked. As `load` returns it, all paths are absolute."""

    listen: Listen = Listen()
    plots: Plots = Plots()
    data_roots: Paths = ()
    render: Render = Render()
    cache: Cache = Cache()
    live: Live = Live()
    walls: Walls = {}
    stop: Stop = Stop()
    auth: Auth = Auth()
    log: Log = Log()

    @property
    def is_open(self) -> bool:
        """Whether whoever reaches the address may do everything, without showing anything."""
        if isinstance(self.auth.open, bool):
            return self.auth.open
        return not (self.auth.user_header or self.listen.is_far)


def _types() -> Iterator[tuple[Key, Any]]:
    for name, field in Config.model_fields.items():
        if isinstance(section := field.annotation, type) and issubclass(section, _Section):
            yield from (((name, inner), one.annotation) for inner, one in section.model_fields.items())
        else:
            yield (name,), field.annotation


TYPES: dict[Key, Any] = dict(_types())  # Any: what is no class, such as Path | None, is no type for mypy
SETTINGS = tuple(TYPES)
SECTIONS = tuple(dict.fromkeys(key[0] for key in SETTINGS if len(key) > 1))


def anybody_has_a_token() -> bool:
    """Say whether there is a token of the daemon that would start here. Raises ConfigError."""
    return tokens.any_in(state_folder())


def load(
    file: Path | None,
    environment: Mapping[str, str],
    overrides: Mapping[str, object],
    has_tokens: Callable[[], bool] = anybody_has_a_token,
) -> Config:
    """Return the settings of *file*, overridden by the PLOTD_ variables of *environment*, and these by *overrides*.

    *overrides* are by dotted names: ``{"listen.port": 0}``. Relative paths in the file are below its folder, others
    below the working directory. *has_tokens* says whether anybody could get in where not everybody may.

    Raises:
        ConfigError: something is unreadable, unknown, of the wrong type or impossible.
    """
    layers = [read_flags(overrides), read_environment(environment, PREFIX, TYPES)]
    if file is not None:
        layers.append(read_file(file))
    merged = merge(layers)
    empty = [name for name in SECTIONS if merged.get(name, ()) is None]
    try:
        config = Config(**{name: value for name, value in merged.items() if name not in empty})
    except ValidationError as error:
        problems = (describe(details, layers, SETTINGS, SECTIONS) for details in error.errors())
        raise ConfigError(*problems) from error
    if config.render.executor == "dask" and not config.render.dask_scheduler:
        place = label(("render", "executor"), layers)
        raise ConfigError(f"{place}: dask needs the address of a scheduler: render.dask_scheduler")
    proxies = config.listen.trusted_proxies or config.listen.unix_socket
    if config.auth.user_header and not proxies:
        place = label(("auth", "user_header"), layers)
        raise ConfigError(f"{place}: only a proxy can be believed that: that needs listen.trusted_proxies")
    if config.listen.is_far and not (config.auth.open is True or config.auth.user_header or has_tokens()):
        place, address = label(("listen", "address"), layers), config.listen.address
        where = f" --state {os.environ['STATE_DIRECTORY']}" if "STATE_DIRECTORY" in os.environ else ""
        needs = f"a token (plotd token add NAME{where}) or auth.open: true"
        raise ConfigError(f"{place}: {address} is within reach of other machines: that needs {needs}")
    if config.listen.tls:
        try:
            tls.make_context(config.listen.tls)
        except ValueError as error:
            raise ConfigError(f"{label(('listen', 'tls'), layers)}: {error}") from error
    return config
