"""The guarantees that an adapter gives, as claims that can be tried. Each docstring is a claim.

No message holds a value: what is tried may be personal data.
"""

from __future__ import annotations

import asyncio
import logging
import re
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date
from typing import Any, Final

from adapters.conformance.reach import reaches
from adapters.conformance.trial import Trial, by_value, comparable
from adapters.port import AsOf, Cause, Found, RegisterAdapter, RegisterError

PATIENCE: Final = 30.0  # seconds after which something hangs
_AT_ONCE: Final = 20
_TYPES: Final[Mapping[str, type]] = {"integer": int, "boolean": bool}
_FORMS: Final[Mapping[str, str]] = {
    "month": r"[0-9]{4}-(0[1-9]|1[0-2])",
    "uuid": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "personnummer": r"[0-9]{10}",
    "cvr": r"[0-9]{8}",
}


class NotHeldError(AssertionError):
    """An adapter does not hold a guarantee; the message says in what."""


class NotTriedError(Exception):
    """A claim could not be tried; the message says what is missing."""


def _hold(condition: object, message: str) -> None:
    if not condition:
        raise NotHeldError(message)


@asynccontextmanager
async def _opened(make: Callable[[], RegisterAdapter]) -> Any:
    adapter = make()
    try:
        async with asyncio.timeout(PATIENCE):
            yield adapter
    finally:
        await adapter.close()


def _open(trial: Trial) -> AbstractAsyncContextManager[RegisterAdapter]:
    return _opened(trial.open)


async def _each(trial: Trial, adapter: RegisterAdapter, **question: Any) -> dict[str, list[str]]:
    told: dict[str, list[str]] = {}
    for value in (*trial.known, trial.unknown):
        told |= by_value(await adapter.fetch(trial.lookup(value, **question)))
    return told


async def takes_a_number_of_subjects(trial: Trial) -> None:
    """`most_subjects` is a whole number, 1 or more, and stays what it is."""
    async with _open(trial) as adapter:
        most = adapter.most_subjects
        _hold(type(most) is int and most >= 1, "most_subjects is no whole number of 1 or more")
        await adapter.fetch(trial.lookup(trial.known[0]))
        _hold(adapter.most_subjects == most, "most_subjects changed with a call")


async def gives_records_of_known_subjects(trial: Trial) -> None:
    """A subject that the register knows has records, in a sequence of `Found`."""
    async with _open(trial) as adapter:
        for value in trial.known:
            found = await adapter.fetch(trial.lookup(value))
            _hold(isinstance(found, Sequence) and not isinstance(found, str | bytes), "it gave no sequence")
            _hold(found, "a known subject has no record")
            _hold(all(isinstance(one, Found) for one in found), "what it gave is no Found")


async def gives_no_record_of_an_unknown_subject(trial: Trial) -> None:
    """A subject that the register does not know is an answer without records, and no error."""
    async with _open(trial) as adapter:
        _hold(not await adapter.fetch(trial.lookup(trial.unknown)), "an unknown subject has a record")


async def tells_the_key_of_each_record(trial: Trial) -> None:
    """Each record comes with the value that was asked for, and with no other."""
    async with _open(trial) as adapter:
        for value in trial.known:
            for one in await adapter.fetch(trial.lookup(value)):
                _hold(str(one.key) == value, "a record has another key than was asked for")


async def gives_what_was_asked_for(trial: Trial) -> None:
    """Of each attribute by itself the values that it has among all, and no other attribute."""
    async with _open(trial) as adapter:
        for value in trial.known:
            whole = await adapter.fetch(trial.lookup(value))
            for names in [(name,) for name in trial.attributes]:
                part = await adapter.fetch(trial.lookup(value, attributes=names))
                _hold(all(set(one.record) <= set(names) for one in part), "an attribute was not asked for")
                cut = [{n: v for n, v in one.record.items() if n in names} for one in whole]
                same = sorted(map(comparable, cut)) == sorted(comparable(one.record) for one in part)
                _hold(same, f"asked for {list(names)} alone, other values came")


async def gives_values_of_the_catalogue(trial: Trial) -> None:
    """Integers are `int`, booleans `bool`, all else text in its form; what has no value is left out."""
    types = {a.name: a.type for a in trial.dataset.attributes}
    async with _open(trial) as adapter:
        for value in trial.known:
            for one in await adapter.fetch(trial.lookup(value)):
                for name, content in one.record.items():
                    _hold(content is not None, f"{name} has no value and is not left out")
                    wanted = _TYPES.get(types[name], str)
                    _hold(
                        type(content) is wanted, f"{name} is a {type(content).__name__}, no {wanted.__name__}"
                    )
                    _hold(_is_in_form(types[name], content), f"{name} has not the form of a {types[name]}")


async def answers_many_subjects_like_one(trial: Trial) -> None:
    """A call about many subjects, known and unknown, in any order, gives what calls about each give."""
    async with _open(trial) as adapter:
        values = (*trial.known, trial.unknown)[-adapter.most_subjects :]
        if len(values) == 1:
            raise NotTriedError("it takes one subject a call")
        alone: dict[str, list[str]] = {}
        for value in values:
            alone |= by_value(await adapter.fetch(trial.lookup(value)))
        for order in (values, values[::-1]):
            together = by_value(await adapter.fetch(trial.lookup(*order)))
            _hold(together == alone, "asked about together, subjects have other records than alone")


async def reads_and_changes_nothing(trial: Trial) -> None:
    """The same question has the same answer, from the same adapter and from a new one."""
    async with _open(trial) as adapter:
        first, second = await _each(trial, adapter), await _each(trial, adapter)
    async with _open(trial) as adapter:
        third = await _each(trial, adapter)
    _hold(first == second == third, "the same question had another answer")


async def answers_many_calls_at_once(trial: Trial) -> None:
    """Calls side by side do not disturb each other."""
    async with _open(trial) as adapter:
        alone = await _each(trial, adapter)
        values = [(*trial.known, trial.unknown)[n % (len(trial.known) + 1)] for n in range(_AT_ONCE)]
        answers = await asyncio.gather(*(adapter.fetch(trial.lookup(v)) for v in values))
        for value, found in zip(values, answers, strict=True):
            expected = {value: alone[value]} if value in alone else {}
            _hold(by_value(found) == expected, "side by side, a call had another answer than alone")


async def lets_itself_be_cancelled(trial: Trial) -> None:
    """A call that is cancelled ends, at whatever point it is; the adapter goes on answering."""
    async with _open(trial) as adapter:
        expected = await _each(trial, adapter)
        for turns in range(12):
            call = asyncio.create_task(_fetched(adapter, trial))
            for _ in range(turns):
                await asyncio.sleep(0)
            call.cancel()
            done, _ = await asyncio.wait([call], timeout=PATIENCE / 3)
            _hold(done, "a cancelled call goes on")
            error = None if call.cancelled() else call.exception()
            _hold(error is None, f"a cancelled call raised {type(error).__name__}")
        _hold(await _each(trial, adapter) == expected, "after a cancelled call, answers are others")


async def closes(trial: Trial) -> None:
    """It closes, used or not, and no task of its goes on."""
    before = asyncio.all_tasks()
    await trial.open().close()
    async with _open(trial) as adapter:
        await adapter.fetch(trial.lookup(trial.known[0]))
    for _ in range(100):
        if asyncio.all_tasks() <= before:
            return
        await asyncio.sleep(0.01)
    raise NotHeldError("after it was closed, a task goes on")


async def tells_the_past(trial: Trial) -> None:
    """At the times asked for, it gives what was true and recorded then, or says that it cannot."""
    if not trial.expected:
        raise NotTriedError("no answer is expected at any time")
    async with _open(trial) as adapter:
        for expected in trial.expected:
            lookup = trial.lookup(expected.value, as_of=expected.as_of)
            found = await _or_present_only(adapter.fetch(lookup))
            if found is not None:
                wanted = sorted(comparable(record) for record in expected.records)
                same = by_value(found).get(expected.value, []) == wanted
                _hold(same, "the records of a time are not those that are expected")


async def tells_the_present_like_any_time(trial: Trial) -> None:
    """A question as of now has the answer of a question without times, or is refused."""
    async with _open(trial) as adapter:
        for value in trial.known:
            present = by_value(await adapter.fetch(trial.lookup(value)))
            found = await _or_present_only(
                adapter.fetch(trial.lookup(value, as_of=AsOf(trial.now, trial.now)))
            )
            _hold(found is None or by_value(found) == present, "as of now, the answer is another than now")


async def opens_without_the_register(trial: Trial) -> None:
    """It connects with its first call: a register that is down stops nobody from opening the adapter."""
    await _dead(trial)().close()


async def raises_a_register_error(trial: Trial) -> None:
    """A register that does not answer is a `RegisterError` with a cause, each time."""
    async with _opened(_dead(trial)) as adapter:
        for _ in range(2):
            error = await _error(adapter, trial)
            _hold(isinstance(error, RegisterError), f"it raised {type(error).__name__}")
            _hold(isinstance(getattr(error, "cause", None), Cause), "the error has no cause of the port's")


async def tells_errors_without_words_of_others(trial: Trial) -> None:
    """An error says its cause and nothing else; neither it nor what led to it holds a key."""
    async with _opened(_dead(trial)) as adapter:
        error = await _error(adapter, trial)
        _hold(str(error) in {cause.value for cause in Cause}, "the error has other words than its cause")
        written = "".join(traceback.format_exception(error))
        _hold(trial.known[0] not in written, "the error, or what led to it, holds the key")


async def keeps_nothing_about_subjects(trial: Trial) -> None:
    """After a call, nothing that the adapter holds on to is a key."""
    async with _open(trial) as adapter:
        for value in trial.known:
            await adapter.fetch(trial.lookup(value))
        await asyncio.sleep(0)
        kept = any(reaches(adapter, value) for value in trial.known)
        _hold(not kept, "the adapter still holds a key that it was asked about")


async def logs_nothing_about_subjects(trial: Trial) -> None:
    """Whatever it logs, at whatever level, holds no key."""
    handler = _Remembering()
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        async with _open(trial) as adapter:
            await _each(trial, adapter)
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
    said = "\n".join(handler.said)
    _hold(not any(v in said for v in (*trial.known, trial.unknown)), "a key stands in the log")


class _Remembering(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


def _is_in_form(type_: str, content: object) -> bool:
    if type_ == "date":
        try:
            return date.fromisoformat(str(content)).isoformat() == content
        except ValueError:
            return False
    return type_ not in _FORMS or re.fullmatch(_FORMS[type_], str(content)) is not None


async def _fetched(adapter: RegisterAdapter, trial: Trial) -> Sequence[Found]:
    return await adapter.fetch(trial.lookup(trial.known[0]))


async def _or_present_only(call: Awaitable[Sequence[Found]]) -> Sequence[Found] | None:
    try:
        return await call
    except RegisterError as error:
        if error.cause is Cause.PRESENT_ONLY:
            return None
        raise


def _dead(trial: Trial) -> Callable[[], RegisterAdapter]:
    if trial.open_dead is None:
        raise NotTriedError("no register that does not answer is told")
    return trial.open_dead


async def _error(adapter: RegisterAdapter, trial: Trial) -> Exception:
    try:
        await adapter.fetch(trial.lookup(trial.known[0]))
    except Exception as error:  # noqa: BLE001  # what it is, is the question
        return error
    raise NotHeldError("a register that does not answer gave an answer")


CLAIMS: Final[Sequence[Callable[[Trial], Awaitable[None]]]] = (
    takes_a_number_of_subjects,
    gives_records_of_known_subjects,
    gives_no_record_of_an_unknown_subject,
    tells_the_key_of_each_record,
    gives_what_was_asked_for,
    gives_values_of_the_catalogue,
    answers_many_subjects_like_one,
    reads_and_changes_nothing,
    answers_many_calls_at_once,
    lets_itself_be_cancelled,
    closes,
    tells_the_past,
    tells_the_present_like_any_time,
    opens_without_the_register,
    raises_a_register_error,
    tells_errors_without_words_of_others,
    keeps_nothing_about_subjects,
    logs_nothing_about_subjects,
)
"""Every claim, in the order of the report."""
