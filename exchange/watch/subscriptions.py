"""Opens subscriptions: verifies mandates and batches, and sees to it that a feed is read once for all."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import replace

from hjemmel.exchange.v1 import envelope_pb2, many_pb2

from exchange import body, subscription_body
from exchange.batched import MAX_SUBJECTS, Tree
from exchange.errors import ExchangeError, Failed, FieldViolation, Refused
from exchange.gathering import GatheringRegisters
from exchange.identity.subscribed import Confirm, SubscriptionAuthenticator, read_subject
from exchange.model.catalogue import Dataset
from exchange.model.request import Envelope, Kind, Mandate, Request
from exchange.pipeline import Parts, Pipeline
from exchange.watch.cursor import Cursor
from exchange.watch.feed import Feed
from exchange.watch.settings import ChangeSettings
from exchange.watch.subject import SignedBatch
from exchange.watch.subscription import Opened, Subscription


class Subscriptions:
    """All subscriptions of a broker. For one event loop."""

    def __init__(self, parts: Parts, confirm: Confirm, settings: ChangeSettings) -> None:
        """Takes the parts of the pipeline, who confirms that somebody takes part still, and the bounds."""
        self._parts = parts
        self._confirm = confirm
        self._settings = settings
        self._feeds: dict[tuple[str, str], Feed] = {}
        self._open: dict[Subscription, None] = {}
        self._callers: Counter[str] = Counter()
        self._stopping = False

    @asynccontextmanager
    async def open(
        self, certificate: bytes, mandate: envelope_pb2.SignedEnvelope, cursor: str
    ) -> AsyncGenerator[Subscribing, None]:
        """Opens a subscription for as long as the context lasts.

        Raises:
            ExchangeError: it is refused, or the register tells of no changes; recorded.
        """
        envelope = Envelope(mandate.body, mandate.signature)
        async with AsyncExitStack() as stack:
            try:
                opened, asked = self._opened(certificate, envelope, cursor)
                stack.enter_context(self._counted(opened.authenticator.identify(certificate).cvr))
                feed = self._feed(opened.dataset, opened.kind)
                await feed.start()
            except Exception as error:  # whatever it is, it is recorded like the refusal of an exchange
                raise await self._refused(certificate, envelope, error) from error
            parts = replace(
                self._parts,
                registers=GatheringRegisters(self._parts.registers, asked),
                read_body=body.read_batched,
            )
            subscription = Subscription(parts, opened, feed, self._settings)
            stack.push_async_callback(self._closed, subscription)
            self._open[subscription] = None
            yield Subscribing(self, subscription, opened, mandate)

    def end(self) -> None:
        """Ends all subscriptions, each after its last cursor."""
        self._stopping = True
        for subscription in self._open:
            subscription.end(Failed.because("BROKER_STOPPING"))

    async def close(self) -> None:
        """Ends the reading of the feeds."""
        self.end()
        for feed in self._feeds.values():
            await feed.close()

    async def refused(self, opened: Opened, envelope: Envelope, error: Exception) -> ExchangeError:
        """Records a refusal of what was sent under a mandate; gives the error with its receipt."""
        return await self._refused(opened.certificate, envelope, error)

    async def _refused(self, certificate: bytes, envelope: Envelope, error: Exception) -> ExchangeError:
        return await Pipeline(self._parts).refuse(Kind.CHANGE, certificate, envelope, error)

    def _opened(self, certificate: bytes, envelope: Envelope, cursor: str) -> tuple[Opened, Mandate]:
        """Verifies a mandate; gives what goes on under it.

        Raises:
            ExchangeError: it does not hold.
        """
        parts, now = self._parts, self._parts.clock.now()
        caller = parts.authenticator.identify(certificate)
        stated = parts.authenticator.authenticate(caller, envelope)
        request, ends = subscription_body.read(envelope.body, now, self._settings.longest)
        processor = parts.authenticator.authorise(
            stated.issuer, request.consumer, request.dataset, request.purpose
        )
        dataset = _existing(parts, request)
        opened = Opened(
            certificate,
            envelope,
            SubscriptionAuthenticator(parts.authenticator, self._confirm, caller, envelope, stated),
            ends,
            self._held(cursor, request) if cursor else None,
            dataset,
            request.subject.kind,
        )
        asked = Mandate(
            request.consumer,
            processor,
            request.purpose,
            request.legal_basis,
            request.agreement,
            stated.request_id,
        )
        return opened, asked

    @contextmanager
    def _counted(self, cvr: str) -> Iterator[None]:
        if self._stopping:
            raise Failed.because("BROKER_STOPPING")
        if self._callers[cvr] >= self._settings.streams:
            raise Refused.because("SUBSCRIBED_TOO_OFTEN")
        self._callers[cvr] += 1
        try:
            yield
        finally:
            self._callers -= Counter((cvr,))  # drops who subscribes no more

    async def _closed(self, subscription: Subscription) -> None:
        self._open.pop(subscription, None)
        await subscription.close()

    def _held(self, text: str, request: Request) -> Cursor:
        """Reads a cursor.

        Raises:
            Refused: it is none, of something else, or too old.
        """
        cursor = Cursor.parse(text)
        if (cursor.dataset, cursor.kind) != (request.dataset, request.subject.kind):
            raise Refused.because("CURSOR_INVALID")
        if cursor.mark.time < self._parts.clock.now() - self._settings.oldest:
            raise Refused.because("CURSOR_TOO_OLD")
        return cursor

    def _feed(self, dataset: Dataset, kind: str) -> Feed:
        if self._parts.feeds is None:
            raise Refused.because("CHANGES_NOT_OFFERED", about=dataset.name)
        named = (dataset.name, kind)
        if named not in self._feeds:
            timeout, poll = self._parts.fetch_timeout, self._settings.poll
            self._feeds[named] = Feed(self._parts.feeds, self._parts.clock, dataset, kind, poll, timeout)
        return self._feeds[named]


class Subscribing:
    """A subscription that is open, as its subscriber speaks to it."""

    def __init__(
        self,
        subscriptions: Subscriptions,
        subscription: Subscription,
        opened: Opened,
        mandate: envelope_pb2.SignedEnvelope,
    ) -> None:
        """Use `Subscriptions.open`."""
        self._subscriptions = subscriptions
        self._opened = opened
        self._mandate = mandate
        self.subscription = subscription

    async def add(self, batch: many_pb2.SubjectBatch) -> None:
        """Verifies a batch, and follows its subjects.

        Raises:
            ExchangeError: it is refused as a whole; recorded.
        """
        envelope = Envelope(batch.envelope.body, batch.envelope.signature)
        subjects = list(batch.subjects)
        try:
            self.subscription.add(subjects, self._verified(envelope, subjects))
        except Exception as error:
            raise await self._subscriptions.refused(self._opened, envelope, error) from error

    def _verified(self, envelope: Envelope, subjects: Sequence[bytes]) -> SignedBatch:
        if not 0 < len(subjects) <= MAX_SUBJECTS:
            violation = FieldViolation("batch.subjects", f"must hold 1 to {MAX_SUBJECTS} subjects")
            raise Refused.because("FIELD_INVALID", violation)
        header, tree = self._opened.authenticator.add(envelope), Tree(subjects)
        if (header.size, header.root) != (len(subjects), tree.root):
            raise Refused.because("BODY_DIGEST_MISMATCH")
        for subject in subjects:
            read_subject(subject)
        return SignedBatch(self._mandate, envelope, tree, len(subjects))


def _existing(parts: Parts, request: Request) -> Dataset:
    dataset = parts.catalogue.datasets.get(request.dataset)
    if dataset is None:
        violation = FieldViolation("dataset", "must be a dataset of the catalogue")
        raise Refused.because("DATASET_UNKNOWN", violation)
    if dataset.key(request.subject.kind) is None:
        kinds = ", ".join(k.kind for k in dataset.keys)
        raise Refused.because("KEY_KIND_UNKNOWN", FieldViolation("key_kind", f"must be one of {kinds}"))
    return dataset
