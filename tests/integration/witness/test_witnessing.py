"""The log's side: it gets its checkpoints cosigned, believes only what verifies, and never waits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from aiohttp import web

from audit.errors import VerificationError
from audit.formats import checkpoint, cosignature, note, tlog_policy
from audit.formats.tlog_policy import Policy
from audit.witness.cosigned import WitnessState
from audit.witness.witness_protocol import SIZE_TYPE, AddCheckpoint
from audit.witness.witness_server import WitnessServer
from audit.witness.witnessing import Witness, witnesses_of
from tests.integration.witness.conftest import Scripted, watching, witness_at
from tests.support.logs import LogSite, fill
from tests.support.trees import serving, site


def size_of(signed: str | None) -> int:
    return checkpoint.parse(note.parse(signed or "").text).size


def policy_of(quorum: str, *witnesses: Witness) -> Policy:
    names = [f"w{n}" for n, _ in enumerate(witnesses)]
    lines = [f"witness {n} {w.verifier.vkey} {w.url}" for n, w in zip(names, witnesses, strict=True)]
    return tlog_policy.parse(
        "\n".join([*lines, f"group g {quorum} {' '.join(names)}", "quorum g", ""]).encode()
    )


async def test_a_growing_log_is_cosigned(log_site: LogSite, tmp_path: Path) -> None:
    """Round after round the newest checkpoint carries the log's signature and the witness's."""
    made = site(tmp_path / "w", log_site.verifier)
    with log_site.opened() as log:
        async with serving(made) as url:
            witness = witness_at(url, made.vkey)
            watch = watching(log, witness)
            await watch.round()
            assert log.reader.cosigned_checkpoint() is None  # an empty log has nothing to cosign
            for turn in range(3):
                await fill(log, 70, first=70 * turn)
                await watch.round()
                signed = log.reader.cosigned_checkpoint() or ""
                assert log.reader.checkpoint() == checkpoint.verify(signed, log_site.verifier)
                assert abs(time.time() - witness.verifier.verify(note.parse(signed))) < 60
        (state,) = log.reader.witnesses()
        assert (210, None, url) == (state.size, state.problem, state.url)


async def test_a_restart_asks_from_where_it_was(sqlite_site: LogSite) -> None:
    """The size that a witness saw last is kept: a new process gives it at once, and no witness twice."""
    scripted = Scripted()
    async with scripted.serving() as witness:
        for turn in range(2):
            with sqlite_site.opened() as log:
                await fill(log, 5, first=5 * turn)
                await watching(log, witness).round()
        with sqlite_site.opened() as log:
            await watching(log, witness).round()
    assert [0, 5] == [asked.old for asked in scripted.asked]


async def test_a_witness_that_saw_more_than_we_thought(sqlite_site: LogSite) -> None:
    """A 409 is answered at once with a proof from the size that it names."""
    scripted = Scripted()

    def answer(asked: AddCheckpoint) -> web.Response:
        if asked.old != 3:
            return web.Response(status=409, text="3\n", content_type=SIZE_TYPE)
        return scripted.cosign(asked)

    scripted.answer = answer
    with sqlite_site.opened() as log:
        await fill(log, 5)
        async with scripted.serving() as witness:
            await watching(log, witness).round()
        assert 5 == size_of(log.reader.cosigned_checkpoint())
        proofs = [(0, ()), (3, tuple(log.reader.consistency(3, 5)))]
    assert proofs == [(asked.old, asked.proof) for asked in scripted.asked]


Lie = Callable[[Scripted, AddCheckpoint], web.Response]


def said(status: int, body: bytes = b"", **headers: str) -> Lie:
    """A witness that answers this, whatever it is asked."""
    return lambda _scripted, _asked: web.Response(status=status, body=body, headers=headers)


def stale(body: bytes) -> Lie:
    return said(409, body, **{"Content-Type": SIZE_TYPE})


UNPROVEN = "no cosignature that holds"
LIES: dict[str, tuple[Lie, str]] = {
    "unknown log": (said(404), "does not know this log"),
    "untrusted key": (said(403), "does not trust this log's key"),
    "bad request": (said(400), "malformed"),
    "another history": (said(422), "altered or forked"),
    "overloaded": (said(429), "status 429"),
    "moved": (said(302, Location="/add-checkpoint"), "status 302"),
    "nothing": (said(200), UNPROVEN),
    "no line": (said(200, b"\xff\xfe"), UNPROVEN),
    "another text": (lambda s, asked: s.cosign(asked, "log\n5\nAAAA\n"), UNPROVEN),
    "another's": (lambda _, asked: Scripted().cosign(asked), UNPROVEN),
    "the future": (lambda s, asked: s.cosign(asked, ahead=3600), "in the future"),
    "too much": (said(200, b"x" * 100_000), "more than a witness has to say"),
    "stale, unsaid": (said(409, b"3\n"), "status 409"),
    "stale, not a number": (stale(b"many\n"), "not which"),
    "more than there is": (stale(b"999\n"), "was it put back"),
    "going round": (
        lambda s, asked: stale(f"{(asked.old + 1) % 3}\n".encode())(s, asked),
        "does not stand by",
    ),
}


@pytest.mark.parametrize("lie", LIES)
async def test_what_a_witness_may_say(sqlite_site: LogSite, tmp_path: Path, lie: str) -> None:
    """Whatever a witness answers instead: nothing is believed, its problem is kept, the honest one counts."""
    answer, says = LIES[lie]
    scripted = Scripted(lambda asked: answer(scripted, asked))
    honest = site(tmp_path / "w", sqlite_site.verifier)
    with sqlite_site.opened() as log:
        await fill(log, 5)
        async with scripted.serving() as liar, serving(honest) as url:
            await watching(log, liar, witness_at(url, honest.vkey)).round()
        problems = {w.witness: (w.size, w.problem or "") for w in log.reader.witnesses()}
        assert says in problems[liar.key][1]
        assert 0 == problems[liar.key][0]
        parsed = note.parse(log.reader.cosigned_checkpoint() or "")
    assert [sqlite_site.verifier.name, "witness.example/w1"] == [s.name for s in parsed.signatures]


async def test_lines_of_strangers_are_not_passed_on(sqlite_site: LogSite) -> None:
    """Of a witness's answer only its own lines go under the checkpoint."""
    scripted, stranger = Scripted(), Scripted()

    def answer(asked: AddCheckpoint) -> web.Response:
        text = note.parse(asked.signed).text
        lines = [s.signer.sign(text, int(time.time())).line for s in (stranger, scripted)]
        return web.Response(text="".join(lines))

    scripted.answer = answer
    stranger.signer = cosignature.CosignatureSigner("stranger.example", stranger.signer._key)
    with sqlite_site.opened() as log:
        await fill(log, 1)
        async with scripted.serving() as witness:
            await watching(log, witness).round()
        names = [s.name for s in note.parse(log.reader.cosigned_checkpoint() or "").signatures]
    assert [sqlite_site.verifier.name, "scripted.example/w"] == names


async def test_a_witness_that_hangs_holds_nobody_up(sqlite_site: LogSite) -> None:
    """While a witness does not answer, entries are appended and acknowledged as ever."""
    scripted = Scripted(hang=asyncio.Event())
    with sqlite_site.opened() as log:
        await fill(log, 1)
        async with scripted.serving() as witness:
            asking = asyncio.create_task(watching(log, witness).round())
            await scripted.was_asked.wait()
            await fill(log, 50, first=1)
            assert not asking.done()
            await asking
        (state,) = log.reader.witnesses()
        assert (51, "cannot be reached or did not answer") == (log.reader.checkpoint().size, state.problem)


async def test_a_dead_witness_is_asked_ever_less(sqlite_site: LogSite) -> None:
    """After failures the pause doubles; a witness that answers again is asked every round."""
    scripted = Scripted(lambda _asked: web.Response(status=500))
    with sqlite_site.opened() as log:
        async with scripted.serving() as witness:
            watch = watching(log, witness, interval=100.0)
            for turn in range(3):
                await fill(log, 1, first=turn)
                await watch.round()
            assert 1 == len(scripted.asked)
            scripted.answer = None  # from here on it cosigns
            watch._pauses[witness.key].until = 0.0
            for turn in range(3, 5):
                await fill(log, 1, first=turn)
                await watch.round()
    assert [0, 0, 4] == [asked.old for asked in scripted.asked]


@pytest.mark.parametrize(("quorum", "size"), [("any", 8), ("all", 5)])
async def test_quorum_says_what_is_cosigned(
    sqlite_site: LogSite, tmp_path: Path, quorum: str, size: int
) -> None:
    """With one of two witnesses gone, the newest that the policy accepts stays, and its cosignatures hold."""
    both = [site(tmp_path / n, sqlite_site.verifier, name=f"{n}.example") for n in ("one", "two")]
    with sqlite_site.opened() as log:
        await fill(log, 5)
        async with serving(both[0]) as first:
            async with serving(both[1]) as second:
                asked = [witness_at(u, w.vkey) for u, w in zip((first, second), both, strict=True)]
                policy = policy_of(quorum, *asked)
                watch = watching(log, *witnesses_of(policy, asked), policy=policy)
                await watch.round()
            await fill(log, 3, first=5)
            await watch.round()
        accepted = policy.verify(log.reader.cosigned_checkpoint() or "", sqlite_site.verifier)
    assert size == accepted.checkpoint.size


async def test_late_cosignatures_are_added(sqlite_site: LogSite, tmp_path: Path) -> None:
    """A witness that comes back cosigns what stands, and its line joins those that are there."""
    both = [site(tmp_path / n, sqlite_site.verifier, name=f"{n}.example") for n in ("one", "two")]
    with sqlite_site.opened() as log:
        await fill(log, 5)
        async with serving(both[0]) as first:
            async with serving(both[1]) as second:
                asked = [witness_at(u, w.vkey) for u, w in zip((first, second), both, strict=True)]
            policy = policy_of("all", *asked)
            watch = watching(log, *asked, policy=policy)
            await watch.round()
            assert log.reader.cosigned_checkpoint() is None
            port = second.rpartition(":")[2]
            with both[1].opened() as back:
                async with WitnessServer(back, f"127.0.0.1:{port}"):
                    watch._pauses[asked[1].key].until = 0.0
                    await watch.round()
        assert {"w0", "w1"} == set(
            policy.verify(log.reader.cosigned_checkpoint() or "", sqlite_site.verifier).cosigned
        )


async def test_receipts_are_upgraded(log_site: LogSite, tmp_path: Path) -> None:
    """A receipt fetched later stands in the cosigned tree; of an entry beyond it, in the newest one."""
    made = site(tmp_path / "w", log_site.verifier)
    with log_site.opened() as log:
        done = await fill(log, 5)
        async with serving(made) as url:
            witness = witness_at(url, made.vkey)
            await watching(log, witness).round()
        later = await fill(log, 300, first=5)
        for entry, size in ((done[0], 5), (done[4], 5), (later[0], 305), (later[-1], 305)):
            proof = log.reader.proof(entry.index, prefer_cosigned=True)
            assert size == proof.verify(entry.leaf.data, log_site.verifier).size
            if size == 5:
                assert witness.verifier.verify(note.parse(proof.signed_checkpoint)) > 0
        assert 305 == log.reader.proof(0).verify(done[0].leaf.data, log_site.verifier).size


async def test_a_log_that_is_not_the_cosigned_one_asks_nobody(sqlite_site: LogSite, tmp_path: Path) -> None:
    """Put back to before a cosigned checkpoint, the log finds that itself when it starts."""
    made = site(tmp_path / "w", sqlite_site.verifier)
    with sqlite_site.opened() as log:
        await fill(log, 5)
        async with serving(made) as url:
            await watching(log, witness_at(url, made.vkey)).round()
        kept = log.reader.cosigned_checkpoint() or ""
    (tmp_path / "new").mkdir()
    fresh = LogSite.at(tmp_path / "new")
    fresh.settings.signing_key.write_bytes(sqlite_site.settings.signing_key.read_bytes())
    with fresh.opened() as log:
        await fill(log, 7, first=50)
        fresh.execute("INSERT INTO log_cosigned VALUES (1, 5, :kept)", kept=kept)
        scripted = Scripted()
        async with scripted.serving() as witness:
            with pytest.raises(VerificationError, match="not the one whose 5 entries were cosigned"):
                await watching(log, witness).round()
    assert [] == scripted.asked


async def test_a_cosignature_that_could_not_be_kept_is_asked_for_again(sqlite_site: LogSite) -> None:
    """Where the database takes nothing, the witness is asked anew, though the log has not grown."""
    scripted = Scripted()
    with sqlite_site.opened() as log:
        await fill(log, 5)
        async with scripted.serving() as witness:
            watch = watching(log, witness)
            sqlite_site.execute("ALTER TABLE log_cosigned RENAME TO away")
            watch._states = {witness.key: WitnessState(witness.key, witness.url)}
            with pytest.raises(sa.exc.OperationalError):
                await watch.round()
            sqlite_site.execute("ALTER TABLE away RENAME TO log_cosigned")
            await watch.round()
        assert 5 == size_of(log.reader.cosigned_checkpoint())
    assert 2 == len(scripted.asked)


def test_witnesses_are_asked_once(tmp_path: Path) -> None:
    """A witness that stands both in the policy and beside it is one; one without a URL cannot be asked."""
    keys = [Scripted().signer.verifier for _ in range(3)]
    one, two = (Witness(f"http://w{n}", key) for n, key in enumerate(keys[:2]))
    text = f"witness a {one.verifier.vkey} {one.url}\nwitness b {keys[2].vkey}\nquorum none\n"
    assert (one, two) == witnesses_of(tlog_policy.parse(text.encode()), [two, one])
