"""Sends changes in batches as large as the server takes, and gets refused records out of them."""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import orjson

from assay.publish.pocketbase.answers import BatchOffError, BatchTooLargeError, RefusedError
from assay.publish.pocketbase.client import Client
from assay.publish.pocketbase.records import Key, Record

log = logging.getLogger(__name__)

ONE_BY_ONE = 50  # records between two words to the log, where batches are off


@dataclass(frozen=True)
class Change:
    """One record to be sent; without `record` one to be removed.

    exists: the server has a record of that id. key: of gold, where it is known.
    """

    collection: str
    id: str
    exists: bool
    key: Key | None = None
    record: Record | None = None

    @property
    def path(self) -> str:
        """Return the address of the collection's records."""
        return f"/api/collections/{self.collection}/records"

    def request(self) -> bytes:
        """Return it as a part of a batch, as JSON."""
        if self.record is None:
            return orjson.dumps({"method": "DELETE", "url": f"{self.path}/{self.id}"})
        # PUT updates the record with that id, or makes it; the answer need not repeat it.
        url = f"{self.path}?fields=id"
        return orjson.dumps({"method": "PUT", "url": url, "body": self.record.body})


Accepted = Callable[[list[Change]], None]
Refused = Callable[[Change, str], None]


class Sender:
    """Sends changes; says of each in `accepted` or `refused` what became of it.

    Raises PublishError when the server cannot be used; what was accepted until then is said.
    """

    def __init__(self, client: Client, accepted: Accepted, refused: Refused) -> None:
        self._client = client
        self._accepted = accepted
        self._refused = refused
        self._limits = client.limits()
        self._size = self._limits.requests  # of the next batch; 0 where batches are off
        if not self._size:
            self._say_off()

    def send(self, changes: Iterable[Change]) -> None:
        """Send all changes, in their order; they are taken as they are needed."""
        source = ((change, change.request()) for change in changes)
        waiting: deque[tuple[Change, bytes]] = deque()
        while part := self._take(waiting, source):
            if not self._size:
                self._one_by_one([change for change, _ in part])
                continue
            try:
                self._client.batch([request for _, request in part])
            except RefusedError as refusal:
                change, _ = part.pop(refusal.index)
                self._refuse(change, refusal)
                # Of many bad records each would cost a whole batch: smaller ones cost less.
                self._size = max(1, self._size // 2)
                waiting.extendleft(reversed(part))
            except BatchTooLargeError as error:
                self._make_smaller(part, str(error))
                waiting.extendleft(reversed(part))
            except BatchOffError:
                self._size = 0
                self._say_off()
                waiting.extendleft(reversed(part))
            else:
                self._accepted([change for change, _ in part])
                self._size = min(self._size * 2, self._limits.requests)

    def _take(
        self, waiting: deque[tuple[Change, bytes]], source: Iterator[tuple[Change, bytes]]
    ) -> list[tuple[Change, bytes]]:
        """Take the next batch: as many as are allowed, of as many bytes; none at the end."""
        most = self._size or ONE_BY_ONE
        waiting.extend(islice(source, max(0, most - len(waiting))))
        part: list[tuple[Change, bytes]] = []
        size = 0
        while waiting and len(part) < most:
            size += len(waiting[0][1]) + 1
            if part and self._size and size > self._limits.size:
                break
            part.append(waiting.popleft())
        return part

    def _make_smaller(self, part: list[tuple[Change, bytes]], reason: str) -> None:
        """Halve the batches; a record that is too much by itself goes alone, without a limit."""
        if len(part) == 1:
            self._one_by_one([part.pop()[0]])
            return
        self._size = len(part) // 2
        self._limits = type(self._limits)(self._size, self._limits.size)
        log.info("a batch of %d is too much for the server (%s)", len(part), reason)

    def _one_by_one(self, changes: list[Change]) -> None:
        done = []
        try:
            for change in changes:
                try:
                    self._single(change)
                    done.append(change)
                except RefusedError as refusal:
                    self._refuse(change, refusal)
        finally:
            self._accepted(done)

    def _single(self, change: Change) -> None:
        """Send one record by itself, whatever became of it before an answer was lost."""
        one = f"{change.path}/{change.id}"
        if change.record is None:
            self._client.single("DELETE", one)  # 404: it is gone, as it should be
            return
        body = change.record.body
        if change.exists and self._client.single("PATCH", f"{one}?fields=id", body) != 404:
            return
        try:
            self._client.single("POST", f"{change.path}?fields=id", body)
        except RefusedError:
            if self._client.single("PATCH", f"{one}?fields=id", body) == 404:
                raise  # it was not refused for being there already

    def _refuse(self, change: Change, refusal: RefusedError) -> None:
        if change.record is None and refusal.status == 404:
            self._accepted([change])  # it is gone, as it should be
        else:
            self._refused(change, str(refusal))

    def _say_off(self) -> None:
        log.info(
            "the batch API of %s is off: records go one by one; to be faster switch it on in its "
            "dashboard (Settings, Application)",
            self._client.server.url,
        )
