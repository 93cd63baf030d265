"""Who watches which picture, and what they are told: the newest state of each, never a backlog."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from service.catalog import Catalog
from service.dependencies import Dependencies
from service.errors import NotFound, ServiceError
from service.renderer import Renderer
from service.rendering import Rendering, RenderRequest
from service.signals import Crowds
from service.subscription import Deliver, Message, Rounds, Subscription
from service.tasks import cancel

SLOW_S = 0.1  # only a drawing that takes longer is told of before it's done

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Watch:
    """One URL that somebody watches; *told* is what all who watch it were told last.

    *fresh_etag* is that of the picture that they know to be the newest; what HTTP sends for the URL adds *suffix*.
    """

    url: str
    plot: str = ""  # its full name
    task: asyncio.Task[None] = field(init=False)
    subscribers: set[Subscription] = field(default_factory=set)
    touched: asyncio.Event = field(default_factory=asyncio.Event)
    folders: frozenset[str] = frozenset()
    suffix: str = ""
    fresh_etag: str | None = None
    told: Message | None = None

    def tell(self, etag: str | None, state: str, error: ServiceError | None = None, note: str = "") -> None:
        """Tell everybody who watches, if that is news, of the picture that bears *etag*."""
        self.fresh_etag = etag if state == "fresh" else None
        message = Message({"url": self.url, "etag": etag and etag + self.suffix, "state": state})
        if note:
            message["note"] = note
        if error is not None:
            fields = {"fields": error.fields} if error.fields else {}
            message["error"] = {"code": error.code, "message": error.one_line[:500], **fields}
        if message == self.told:
            return
        self.told = message
        for subscriber in self.subscribers:
            subscriber.put(self.url, message)


class Hub:
    """Keeps each watched picture drawn, and tells its watchers. Used from the event loop only."""

    def __init__(
        self,
        catalog: Catalog,
        renderer: Renderer,
        dependencies: Dependencies,
        poll_s: float,
        inside: Callable[[str], str],
    ) -> None:
        """*inside* takes off a URL what only browsers see of it: the prefix at which a proxy shows us."""
        self._catalog = catalog
        self._inside = inside
        self._renderer = renderer
        self._dependencies = dependencies
        self._poll_s = poll_s
        self._watches: dict[str, Watch] = {}
        self._subscriptions: set[Subscription] = set()
        self._rounds = Rounds()
        self._crowds = Crowds(lambda: bool(renderer.drawing))
        self._listeners: list[Callable[[], None]] = []
        catalog.on_change(self._catalog_changed)

    @property
    def folders(self) -> frozenset[str]:
        """The folders in which a change may concern somebody."""
        return frozenset[str]().union(*(watch.folders for watch in self._watches.values()))

    def viewers(self) -> Counter[str]:
        """Return how many clients watch a picture of each plot, by its full name."""
        pairs = {(watch.plot, client) for watch in self._watches.values() for client in watch.subscribers}
        return Counter(plot for plot, _ in pairs)

    @property
    def clients(self) -> int:
        """How many there are."""
        return len(self._subscriptions)

    @property
    def watched(self) -> int:
        """How many URLs are watched."""
        return len(self._watches)

    @property
    def subscriptions(self) -> int:
        """How many URLs are watched, each counted as often as there are clients who do."""
        return sum(len(watch.subscribers) for watch in self._watches.values())

    def on_folders(self, listener: Callable[[], None]) -> None:
        """Call *listener* whenever there are other folders to watch."""
        self._listeners.append(listener)

    def subscribe(self, deliver: Deliver | None = None) -> Subscription:
        """Return the mailbox of a new client; with *deliver*, what comes into it is sent on."""
        subscription = Subscription(self, self._rounds, deliver)
        self._subscriptions.add(subscription)
        self._crowds.join(len(self._subscriptions))
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Forget a client that left."""
        self._subscriptions.discard(subscription)
        subscription.close()
        for url in list(subscription.watched):
            self.unwatch(subscription, url)

    @contextlib.contextmanager
    def watching(self, *urls: str) -> Iterator[Subscription]:
        """Give the mailbox of a client that watches *urls* for a while."""
        subscription = self.subscribe()
        try:
            for url in urls:
                self.watch(subscription, url)
            yield subscription
        finally:
            hub = subscription.hub  # another one by now, perhaps
            hub._subscriptions.discard(subscription)
            for url in list(subscription.watched):
                hub.unwatch(subscription, url)

    def watch(self, subscription: Subscription, url: str) -> None:
        """Tell *subscription* what the picture at *url* is like: at once, and whenever that changes."""
        watch = self._watches.get(url)
        if watch is None:
            watch = self._watches[url] = Watch(url)
            self._start(watch)
        watch.subscribers.add(subscription)
        subscription.watched.add(watch.url)  # the same text for all clients
        if watch.told is not None:
            subscription.put(url, watch.told)

    def deny(self, subscription: Subscription, url: str) -> None:
        """Tell *subscription* that there is no picture at *url*, be there one or not."""
        subscription.watched.add(url)
        subscription.put(url, Message(url=url, etag=None, state="gone"))

    def unwatch(self, subscription: Subscription, url: str) -> None:
        """Tell *subscription* no more of *url*; a picture that nobody watches is followed no longer."""
        subscription.watched.discard(url)
        subscription.drop(url)
        watch = self._watches.get(url)
        if watch is None:
            return
        watch.subscribers.discard(subscription)
        if not watch.subscribers:
            del self._watches[url]
            watch.task.cancel()

    def touch(self, folders: set[str] | None = None) -> None:
        """Look again at the pictures that depend on something in *folders*, or at all."""
        for watch in self._watches.values():
            if folders is None or not folders.isdisjoint(watch.folders):
                watch.touched.set()

    def take_over(self, before: Hub) -> None:
        """Serve all clients of *before* from now on, which is left with none."""
        self._subscriptions |= before._subscriptions
        self._watches |= before._watches
        for subscription in before._subscriptions:
            subscription.hub = self
        for watch in before._watches.values():
            watch.task.cancel()
            self._start(watch)
        before._subscriptions.clear()
        before._watches.clear()
        self._folders_changed()
        self._catalog_changed()

    async def close(self) -> None:
        """Follow nothing any more."""
        tasks = [watch.task for watch in self._watches.values()]
        self._watches.clear()
        await cancel(*tasks)

    def _start(self, watch: Watch) -> None:
        watch.task = asyncio.create_task(self._follow(watch), name=f"follow {watch.url[:200]!r}")

    def _catalog_changed(self) -> None:
        message = Message(catalog=self._catalog.version)
        for subscription in self._subscriptions:
            subscription.put("", message)
        self.touch()

    async def _follow(self, watch: Watch) -> None:
        while True:
            watch.touched.clear()
            try:
                wait_s = await self._bring_up_to_date(watch)
            except Exception:  # an error of ours must not silence a page that is open all day
                log.exception("following a picture failed", extra={"url": watch.url[:200]})
                watch.tell(None, "stale", ServiceError("an error of the daemon: its log says more"))
                wait_s = self._poll_s
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await watch.touched.wait()

    async def _bring_up_to_date(self, watch: Watch) -> float:
        """Draw the picture if its state changed, tell of it, and return how long nothing need be looked at, in s."""
        try:
            demand = await self._catalog.demand_of_url(self._inside(watch.url))
        except NotFound:
            watch.tell(None, "gone")
            return self._poll_s
        except ServiceError as error:
            watch.tell(None, "stale", error)
            return self._poll_s
        watch.plot, watch.suffix = demand.request.spec.name, demand.suffix
        tick_s = self._dependencies.tick(demand.request, demand.every_s) if demand.every_s else math.inf
        await self._update(watch, demand.request)
        return self._next_look_s(demand.request, tick_s)

    async def _update(self, watch: Watch, request: RenderRequest) -> None:
        etag = await self._renderer.etag(request)
        known = self._renderer.known(request)
        last = self._renderer.last_good(request)
        if isinstance(known, Rendering):
            watch.tell(known.etag, "fresh", note=self._dependencies.notice(request))
        elif known is not None:
            watch.tell(last.etag if last else None, "stale", known)
        elif (
            last is None and self._dependencies.was_drawn(request) and (watch.told is None or watch.fresh_etag == etag)
        ):
            watch.tell(etag, "fresh")  # known from before a restart: whoever has it needs no drawing
        else:
            if watch.told is None:
                watch.tell(last.etag if last else None, "rendering")
            await self._draw(watch, request)
        self._note_folders(watch, request)

    async def _draw(self, watch: Watch, request: RenderRequest) -> None:
        last = self._renderer.last_good(request)
        drawing = asyncio.ensure_future(self._renderer.render(request))
        try:
            await asyncio.wait([drawing], timeout=SLOW_S)
            if not drawing.done():
                watch.tell(last.etag if last else None, "rendering")
            answer = await drawing
        except ServiceError as error:
            watch.tell(None, "stale", error)
        else:
            note = self._dependencies.notice(request)
            watch.tell(answer.rendering.etag, "stale" if answer.error else "fresh", answer.error, note)
        finally:
            drawing.cancel()

    def _next_look_s(self, request: RenderRequest, tick_s: float) -> float:
        waits = [self._poll_s, tick_s, self._dependencies.changes_in_s(request)]
        waits += [retry_s] if (retry_s := self._renderer.retry_in_s(request)) else []
        return max(0.001, min(waits))

    def _note_folders(self, watch: Watch, request: RenderRequest) -> None:
        folders = frozenset(self._dependencies.folders(request))
        if folders != watch.folders:
            watch.folders = folders
            self._folders_changed()

    def _folders_changed(self) -> None:
        for listener in self._listeners:
            listener()
