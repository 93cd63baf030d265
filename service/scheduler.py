"""A Dask scheduler as the daemon sees it: there or not, and with which workers. Knows nothing of pictures."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from service.errors import Overloaded

TOPIC = "plotd"  # under which workers tell what they do: one for all daemons, as a scheduler forgets none
CONNECT_LIMIT_S = 3.0
RETRY_S = 1.0
LOOK_S = 1.0  # between looks at which workers there are
LOOK_LIMIT_S = 10.0  # a scheduler that takes longer to answer counts as lost
CLOSE_LIMIT_S = 2.0

UNREACHABLE = "the Dask scheduler can't be reached"

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Session:
    """One connection: *comm* is what the client talks through, and would talk through another if it reconnected."""

    client: Any  # distributed's own, as are the others: most of its functions have no types
    executor: Any
    comm: Any
    threads: Mapping[str, int] = field(default_factory=dict)  # by the worker's address


class Scheduler:
    """Stays connected to the scheduler at *address*, and comes back by itself when that does. From the loop only.

    All that waits for the network is done by a thread of its own. A client that lost its scheduler isn't used again,
    though it would reconnect: to the new one its jobs and its subscriptions mean nothing.
    """

    def __init__(
        self, address: str, on_change: Callable[[], None], on_event: Callable[[dict[str, object]], None]
    ) -> None:
        self._address = address
        self._on_change = on_change
        self._on_event = on_event
        self._session: Session | None = None
        self._tried = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._keep, name="Dask scheduler", daemon=True)
        self._forgotten: queue.SimpleQueue[tuple[Session | None, Future[Any]]] = queue.SimpleQueue()
        self._wake = threading.Event()
        self._closing = threading.Event()

    @property
    def threads(self) -> Mapping[str, int]:
        """How many threads each worker has, by its address: nothing while the scheduler can't be reached."""
        self._begin()
        return self._session.threads if self._session is not None and self.is_there else {}

    @property
    def is_there(self) -> bool:
        """Say whether it can be reached, as far as is known."""
        return self._session is not None and _is_running(self._session)

    async def reach(self) -> None:
        """Wait for the first attempt to connect, and for no other.

        Raises:
            Overloaded: the scheduler can't be reached.
        """
        self._begin()
        await self._tried.wait()
        if not self.is_there:
            self.doubt()
            raise Overloaded(UNREACHABLE)

    def submit(
        self, then: Callable[[], None], function: Callable[..., T], *arguments: object, **where: object
    ) -> Future[T]:
        """Have a worker call *function*, and *then* be called on the loop; *where* are keywords of Dask's own submit.

        Raises:
            Overloaded: the scheduler can't be reached.
        """
        from distributed.client import ClosedClientError

        if self._session is None or not self.is_there:
            raise Overloaded(UNREACHABLE)
        try:
            work: Future[T] = self._session.executor.submit(function, *arguments, **where)
        except ClosedClientError as error:  # the thread has just closed it
            raise Overloaded(UNREACHABLE) from error
        work.add_done_callback(lambda _: self._tell(then))
        return work

    def doubt(self) -> None:
        """Have it looked at now: something went wrong."""
        self._wake.set()

    def forget(self, work: Future[Any]) -> None:
        """Cancel *work*, in the thread: that waits for the client's own loop."""
        self._forgotten.put((self._session, work))
        self._wake.set()

    def close(self) -> None:
        """Disconnect, within CLOSE_LIMIT_S."""
        self._closing.set()
        self._wake.set()
        if self._thread.ident is not None:
            self._thread.join(CLOSE_LIMIT_S)

    def _begin(self) -> None:
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._thread.start()

    def _take(self, session: Session | None) -> None:
        """Note, on the loop, what the thread found."""
        self._session = session
        self._tried.set()
        self._on_change()

    def _tell(self, function: Callable[..., None], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody wants to know any more
            assert self._loop is not None
            self._loop.call_soon_threadsafe(function, *arguments)

    def _hear(self, event: tuple[float, object]) -> None:
        """Pass on what a worker tells; called by the client's own thread."""
        if isinstance(event[1], dict):
            self._tell(self._on_event, event[1])

    def _keep(self) -> None:
        """Connect, stay so for as long as it goes, and begin again: the life of the thread."""
        complained = False
        while not self._closing.is_set():
            try:
                session = connect(self._address, self._hear)
            except Exception as error:  # noqa: BLE001 - whatever may sit at that address: it is tried again
                self._tell(self._take, None)
                if not complained:
                    what = f"{type(error).__name__}: {error}".removesuffix(": ")
                    log.warning("can't reach the Dask scheduler at %s: %s", self._address, what)
                complained = True
            else:
                self._stay(session)
                complained = False
            self._closing.wait(RETRY_S)

    def _stay(self, session: Session) -> None:
        """Follow which workers there are until the scheduler is lost, or is no longer wanted."""
        log.info("connected to the Dask scheduler at %s", self._address)
        try:
            while not self._closing.is_set() and _is_running(session):
                self._cancel_forgotten(session)
                session = look(session)
                self._tell(self._take, session)
                self._wake.wait(LOOK_S)
                self._wake.clear()
        except Exception as error:  # noqa: BLE001 - whatever its network code raises, a new connection is the remedy
            log.debug("%s: %s", type(error).__name__, error)
        self._tell(self._take, None)
        if not self._closing.is_set():
            log.warning("lost the Dask scheduler at %s", self._address)
        _close(session.client)

    def _cancel_forgotten(self, session: Session) -> None:
        while not self._forgotten.empty():
            of, work = self._forgotten.get()
            if of is not None and of.client is session.client:  # a closed client would wait for ever
                work.cancel()


def _is_running(session: Session) -> bool:
    return session.client.status == "running" and session.client.scheduler_comm is session.comm


def connect(address: str, hear: Callable[[tuple[float, object]], None]) -> Session:
    """Return a new connection to the scheduler at *address*; *hear* gets what workers tell. Blocks, but not for long.

    Raises:
        Exception: of any kind, if there is none.
    """
    distributed = import_quietly()
    # A client that can't connect leaves a thread behind, each time: it is made only if there is something to talk to.
    asyncio.run(_knock(distributed, address))
    client = distributed.Client(address, timeout=CONNECT_LIMIT_S, set_as_default=False, name="plotd")
    client.subscribe_topic(TOPIC, hear)
    return Session(client, client.get_executor(pure=False), client.scheduler_comm)


async def _knock(distributed: Any, address: str) -> None:
    security = distributed.Security().get_connection_args("client")
    async with asyncio.timeout(CONNECT_LIMIT_S):
        (await distributed.connect(address, timeout=CONNECT_LIMIT_S, **security)).abort()


def look(session: Session) -> Session:
    """Return *session* with the workers that there are now. Blocks, but not for long.

    Raises:
        Exception: of any kind, if the scheduler is lost.
    """
    return replace(session, threads=session.client.nthreads(callback_timeout=LOOK_LIMIT_S))


def _close(client: Any) -> None:
    with contextlib.suppress(OSError, RuntimeError, AssertionError):  # what is lost need not be closed well
        client.close(timeout=CLOSE_LIMIT_S)


def import_quietly() -> Any:
    """Return the module distributed. When it is imported it sets up logging, tornado's too: that is undone."""
    others = [logging.getLogger(name) for name in ("tornado", "tornado.application", "bokeh")]
    before = [(other.level, other.propagate, list(other.handlers)) for other in others]
    import distributed

    for other, (level, propagate, other_handlers) in zip(others, before, strict=True):
        other.setLevel(level)
        other.propagate, other.handlers = propagate, other_handlers
    for name, logger in list(logging.root.manager.loggerDict.items()):
        if isinstance(logger, logging.Logger) and name.partition(".")[0] == "distributed":
            logger.setLevel(logging.NOTSET if "." in name else logging.CRITICAL)
            logger.propagate, logger.handlers = True, []
    return distributed
