"""The asynchronous client: the same as the synchronous one, awaited."""

from __future__ import annotations

import asyncio
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterator,
    Sequence,
)
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import NoReturn, Self, TypeVar

import grpc
from hjemmel.audit.v1 import audit_service_pb2 as audit_pb
from hjemmel.audit.v1.audit_service_pb2_grpc import AuditServiceStub
from hjemmel.exchange.v1 import assemble_pb2, catalogue_pb2, watch_pb2
from hjemmel.exchange.v1 import exchange_service_pb2 as pb
from hjemmel.exchange.v1.exchange_service_pb2_grpc import ExchangeServiceStub

from audit.formats.checkpoint import Checkpoint
from exchange.batched import MAX_SUBJECTS
from exchange.client import assembling, changes, failures, protocol
from exchange.client.assembling import Application, Assembled, Assembling, PartAnswered
from exchange.client.changes import SILENT, Alive, Changed, Following, Stream
from exchange.client.credentials import Credentials
from exchange.client.errors import ClientError, Failed, RecordsInvalid, Unreachable
from exchange.client.many import Answered, Asking, Call, Subject, Task
from exchange.client.memory import CheckpointMemory
from exchange.client.protocol import Answer, Prepared, Question, Rehearsal, VerifiedReceipt
from exchange.client.retry import Attempts
from exchange.client.watching import RENEWED, SHRUNK, Position, Watch, Watched
from exchange.packages.model import Package

T = TypeVar("T")


class AsyncClient:
    """Calls a broker; verifies every receipt. For one event loop."""

    def __init__(self, target: str, credentials: Credentials, *, timeout: float = 10.0) -> None:
        """Takes the broker's host and port, and how long a call may take (seconds)."""
        self._credentials = credentials
        self._timeout = timeout
        self._channel = grpc.aio.secure_channel(target, credentials.channel())
        self._exchange = ExchangeServiceStub(self._channel)
        self._audit = AuditServiceStub(self._channel)
        self._memory = CheckpointMemory(credentials.log, credentials.memory)
        self._remembering = asyncio.Lock()  # one checkpoint is met after the other

    async def exchange(self, question: Question) -> Answer:
        """Asks for data.

        Raises:
            ClientError: see `exchange.client.errors`; each says what to do.
        """
        prepared = protocol.prepare(self._credentials, question)
        request = pb.ExchangeRequest(envelope=prepared.envelope)
        response = await self._send(lambda: self._exchange.Exchange(request, timeout=self._timeout), prepared)
        answer = protocol.read_answer(prepared, response, self._credentials.log)
        await self._remember(answer.receipt)
        return answer

    async def exchange_many(
        self, task: Task, subjects: AsyncIterable[Subject], *, timeout: float | None = None
    ) -> AsyncIterator[Answered]:
        """Asks the same about many subjects; gives the answers in their order, each verified.

        One subject's refusal is an answer. Where the call itself ends, ask anew about the subjects that were
        not answered: the request ids of those that may have been recorded are in no answer.

        Args:
            task: what to ask.
            subjects: about whom; read as fast as the broker answers.
            timeout: seconds for the whole call; none by default.

        Raises:
            ClientError: see `exchange.client.errors`.
        """
        asking = Asking(self._credentials, task)
        call = Call(asking)

        async def requests() -> AsyncIterator[pb.ExchangeManyRequest]:
            yield pb.ExchangeManyRequest(mandate=asking.mandate)
            async for some in _batches(subjects):
                yield call.request(some)

        try:
            async for response in self._exchange.ExchangeMany(requests(), timeout=timeout):
                for answered, news in call.read(response):
                    if news is not None:
                        await self._remember(news)
                    yield answered
        except grpc.RpcError as error:
            raise failures.raised(
                failures.failure_of(error), self._credentials.log, None, Attempts()
            ) from error
        call.end()

    async def dry_run(self, question: Question) -> Rehearsal:
        """Asks what would be decided; no register is read.

        Raises:
            ClientError: as `exchange`.
        """
        prepared = protocol.prepare(self._credentials, question)
        request = pb.DryRunRequest(envelope=prepared.envelope)
        response = await self._send(lambda: self._exchange.DryRun(request, timeout=self._timeout), prepared)
        rehearsal = protocol.read_rehearsal(prepared, response, self._credentials.log)
        await self._remember(rehearsal.receipt)
        return rehearsal

    async def receipt(self, request_id: str) -> VerifiedReceipt:
        """Fetches the receipt of an earlier request, against the newest checkpoint that the log publishes.

        With a policy in the credentials, the checkpoint must be cosigned as it demands.

        Raises:
            NotCosigned: it is not, or not yet.
            ClientError: there is none, or it does not hold.
        """
        request = audit_pb.GetReceiptRequest(request_id=request_id)
        response = await self._send(lambda: self._audit.GetReceipt(request, timeout=self._timeout))
        receipt = protocol.read_receipt(request_id, response.receipt, self._credentials.log)
        await self._remember(receipt)
        protocol.check_cosigned(receipt, self._credentials.policy, self._credentials.log)
        return receipt

    async def datasets(self) -> list[catalogue_pb2.Dataset]:
        """Lists what registers offer."""
        request = pb.ListDatasetsRequest()
        found: list[catalogue_pb2.Dataset] = []
        while True:
            page = await self._send(lambda: self._exchange.ListDatasets(request, timeout=self._timeout))
            found.extend(page.datasets)
            request.page_token = page.next_page_token
            if not page.next_page_token:
                return found

    async def package(self, name: str) -> Package:
        """Fetches a package: its terms, and what people are told about its parts.

        Raises:
            InvalidRequest: it does not hold.
            ClientError: there is none.
        """
        request = assemble_pb2.GetPackageRequest(name=name)
        response = await self._send(lambda: self._exchange.GetPackage(request, timeout=self._timeout))
        return assembling.read_package(response.package)

    async def packages(self) -> list[Package]:
        """Lists the packages that can be asked for."""
        request = assemble_pb2.ListPackagesRequest()
        found: list[Package] = []
        while True:
            page = await self._send(lambda: self._exchange.ListPackages(request, timeout=self._timeout))
            found.extend(assembling.read_package(p) for p in page.packages)
            request.page_token = page.next_page_token
            if not page.next_page_token:
                return found

    async def assemble(
        self, package: Package, application: Application, *, timeout: float | None = None
    ) -> AsyncIterator[Assembled]:
        """Asks for a package; gives its parts' answers as they come, each verified, then one summary.

        One part's refusal is an answer. Where the call itself ends, ask anew: what was begun is recorded.

        Args:
            package: as `package` gave it. What is signed is for its terms; the broker refuses it where it has
                others.
            application: about whom, in which case, under which agreements.
            timeout: seconds for the whole call; as for every call by default.

        Raises:
            ClientError: see `exchange.client.errors`.
        """
        asking = Assembling(self._credentials, package, application)
        call = self._exchange.Assemble(asking.request, timeout=timeout or self._timeout)
        try:
            async for message in call:
                came = asking.read(message)
                if isinstance(came, PartAnswered) and came.answer.receipt is not None:
                    await self._remember(came.answer.receipt)
                yield came
        except grpc.RpcError as error:
            raised = failures.raised(failures.failure_of(error), self._credentials.log, None, Attempts())
            if raised.receipt:
                await self._remember(raised.receipt)
            raise raised from error
        finally:
            call.cancel()
        asking.end()

    async def watch_records(
        self, position: Position | None = None, *, renewed: float = RENEWED
    ) -> AsyncIterator[Watched]:
        """Watches one's own side of the log: what stands first, then live, without end.

        Each part is verified before it is given. One without records says that there was nothing up to
        its end. Broken streams are taken up where they ended.

        Args:
            position: of the last part that was kept; nothing to begin at the beginning.
            renewed: seconds after which the stream is made anew, so that a dead one is noticed.

        Raises:
            RecordsInvalid, ForkDetected: what came does not hold.
            ClientError: the broker is away, or refuses.
        """
        watch, attempts = (
            Watch(self._credentials.cvr, self._credentials.log, position or Position()),
            Attempts(),
        )
        while True:
            call = self._audit.WatchRecords(watch.request, timeout=renewed)
            came, failure = False, failures.STREAM_ENDED
            try:
                async for message in call:
                    came, attempts = True, Attempts()
                    await self._meet(watch.signed(message), message.checkpoint)
                    yield watch.read(message)
            except grpc.RpcError as error:
                failure = failures.failure_of(error)
            finally:
                call.cancel()
            if came and failure.code is grpc.StatusCode.DEADLINE_EXCEEDED:
                continue
            pause = attempts.next_pause() if failure.is_transient else None
            if pause is None:
                raised = failures.raised(failure, self._credentials.log, None, attempts)
                if raised.code == "NOT_FOUND":
                    await self._shrunk(watch)
                raise raised
            await asyncio.sleep(pause)

    async def watch(self, following: Following, *, silent: float = SILENT) -> AsyncIterator[Changed | Alive]:
        """Follows changes of subjects on whom there is a case, until the subscription's end.

        Each delivery is verified before it is given, and is taken over when the next is asked for: its cursor
        and digest stand in `following` then. Broken streams are taken up where they ended. A refusal is an
        answer, and ends the subject's subscription.

        Args:
            following: what to follow; subjects may be added and removed meanwhile.
            silent: seconds without a word after which the broker is taken for gone.

        Raises:
            ReceiptInvalid, ForkDetected: what came does not hold.
            ClientError: the broker is away, or refuses; CURSOR_TOO_OLD says to ask anew.
        """
        attempts = changes.coming_back()
        while datetime.now(UTC) < following.ends:
            failure = failures.STREAM_ENDED
            try:
                async with aclosing(self._watched(following, silent)) as events:
                    async for event in events:
                        attempts = changes.coming_back()
                        yield event
            except grpc.RpcError as error:
                failure = failures.failure_of(error)
            except (TimeoutError, Unreachable):  # silence, or it went while a receipt was verified
                pass
            if datetime.now(UTC) >= following.ends:
                return
            pause = attempts.next_pause() if changes.comes_back(failure) else None
            if pause is None:
                raise failures.raised(failure, self._credentials.log, None, attempts)
            await asyncio.sleep(pause)

    async def _watched(self, following: Following, silent: float) -> AsyncGenerator[Changed | Alive, None]:
        stream = Stream(self._credentials, following)
        said: asyncio.Queue[Iterator[watch_pb2.WatchRequest]] = asyncio.Queue()
        said.put_nowait(stream.opening())

        async def requests() -> AsyncIterator[watch_pb2.WatchRequest]:
            while True:
                for request in await said.get():
                    yield request

        checkpoint = ""
        call = self._exchange.Watch(requests())
        following.told_to(lambda new, gone: said.put_nowait(stream.changed(new, gone)))
        try:
            responses = aiter(call)
            while True:
                response = await asyncio.wait_for(anext(responses, None), silent)
                if response is None:
                    return
                event = stream.read(response)
                receipt = event.answer.receipt if isinstance(event, Changed) else None
                if receipt is not None and receipt.signed_checkpoint != checkpoint:
                    await self._remember(receipt)
                    checkpoint = receipt.signed_checkpoint
                yield event
                said.put_nowait(stream.taken_over(event))
        finally:
            following.told_to(None)
            call.cancel()

    async def close(self) -> None:
        """Closes the connection."""
        await self._channel.close()

    async def __aenter__(self) -> Self:
        """Gives itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Closes the connection."""
        await self.close()

    async def _send(self, call: Callable[[], Awaitable[T]], prepared: Prepared | None = None) -> T:
        attempts = Attempts()
        while True:
            try:
                return await call()
            except grpc.RpcError as error:
                failure = failures.failure_of(error)
                pause = attempts.next_pause() if failure.is_transient else None
                if pause is None:
                    raised = failures.raised(failure, self._credentials.log, prepared, attempts)
                    if raised.receipt:
                        await self._remember(raised.receipt)
                    raise raised from error
            await asyncio.sleep(pause)

    async def _remember(self, receipt: VerifiedReceipt) -> None:
        await self._meet(receipt.checkpoint, receipt.signed_checkpoint)

    async def _meet(self, new: Checkpoint, signed: str) -> None:
        async with self._remembering:
            asking = self._memory.meet(new, signed)
            with suppress(StopIteration):
                sizes = next(asking)
                while True:
                    try:
                        hashes = await self._consistency(*sizes)
                    except ClientError as error:
                        sizes = asking.throw(error)
                    else:
                        sizes = asking.send(hashes)

    async def _shrunk(self, watch: Watch) -> NoReturn:
        """The log ends before what was seen of it: where it is remembered, that is a fork."""
        request = audit_pb.GetCheckpointRequest()
        shown = await self._send(lambda: self._audit.GetCheckpoint(request, timeout=self._timeout))
        await self._meet(watch.signed(shown), shown.checkpoint)
        raise RecordsInvalid(SHRUNK)

    async def _consistency(self, old: int, new: int) -> Sequence[bytes] | None:
        request = audit_pb.GetConsistencyProofRequest(old_size=old, new_size=new)
        try:
            response = await self._send(
                lambda: self._audit.GetConsistencyProof(request, timeout=self._timeout)
            )
        except Failed as failed:
            if failed.code != "NOT_FOUND":
                raise
            return None  # the log has not grown to what it showed before
        return list(response.hashes)


async def _batches(subjects: AsyncIterable[Subject]) -> AsyncIterator[list[Subject]]:
    batch: list[Subject] = []
    async for subject in subjects:
        batch.append(subject)
        if len(batch) == MAX_SUBJECTS:
            yield batch
            batch = []
    if batch:
        yield batch
