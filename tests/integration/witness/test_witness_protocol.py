"""Our witness answers as c2sp.org/tlog-witness says, status by status."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.errors import FormatError
from audit.files import KeyFileError
from audit.formats import cosignature, note
from audit.formats.checkpoint import Checkpoint
from audit.formats.cosignature import CosignatureVerifier
from audit.formats.note import Ed25519Signer, Note
from audit.witness import fork_evidence
from audit.witness.witness_protocol import SIZE_TYPE, AddCheckpoint
from audit.witness.witness_site import WitnessSite
from audit.witness.witness_state import WitnessStateError
from tests.support.trees import Tree, get, post, serving, site


@pytest.fixture
def tree() -> Tree:
    return Tree.of(40)


@pytest.fixture
def witness(tmp_path: Path, tree: Tree) -> WitnessSite:
    return site(tmp_path / "witness", tree.verifier)


def key_of(witness: WitnessSite) -> CosignatureVerifier:
    return CosignatureVerifier.parse(witness.vkey.read_text("utf-8"))


async def test_a_growing_log_is_cosigned(witness: WitnessSite, tree: Tree) -> None:
    """From nothing to 7, to 7 again, to 40: each answer is one line whose cosignature holds."""
    async with serving(witness) as url:
        for old, new in ((0, 7), (7, 7), (7, 40)):
            status, _, body = await post(url, tree.request(old, new))
            assert 200 == status
            lines = cosignature.parse_lines(body)
            assert 1 == len(lines)
            assert key_of(witness).verify(Note(tree.head(new).text, lines)) > 0


async def test_what_was_cosigned_is_served(witness: WitnessSite, tree: Tree) -> None:
    """The monitoring page has nothing at first, then the checkpoint with the log's and its signature."""
    async with serving(witness) as url:
        assert 404 == (await get(url + tree.path))[0]
        await post(url, tree.request(0, 7))
        status, signed = await get(url + tree.path)
    parsed = note.parse(signed)
    tree.verifier.verify(parsed)
    key_of(witness).verify(parsed)
    assert (200, tree.head(7).text, 2) == (status, parsed.text, len(parsed.signatures))


async def test_409_tells_the_size(witness: WitnessSite, tree: Tree) -> None:
    """An old size that is not the last one is answered with the last one, in its own content type."""
    async with serving(witness) as url:
        assert (409, SIZE_TYPE, "0\n") == await post(url, tree.request(3, 7))
        await post(url, tree.request(0, 7))
        for old, new in ((0, 7), (0, 40), (6, 40), (3, 5), (8, 40)):
            assert (409, SIZE_TYPE, "7\n") == await post(url, tree.request(old, new))


async def test_404_for_a_log_that_it_does_not_know(witness: WitnessSite) -> None:
    """An origin that is not in its list is not found, however well it is signed."""
    async with serving(witness) as url:
        assert 404 == (await post(url, Tree.of(3, "unknown.example").request(0, 3)))[0]


async def test_403_without_a_trusted_signature(witness: WitnessSite, tree: Tree) -> None:
    """Another key under the log's name, or the log's key over another text, is forbidden."""
    other = Tree(Ed25519Signer(tree.verifier.name, Ed25519PrivateKey.generate()), tree.leaves)
    moved = note.write(tree.head(8).text, [tree.signer.sign(tree.head(7).text)])
    both = note.write(
        tree.head(8).text,
        [tree.signer.sign(tree.head(8).text), tree.signer.sign(tree.head(7).text)],
    )
    async with serving(witness) as url:
        assert 403 == (await post(url, other.request(0, 7)))[0]
        for signed in (moved, both):
            assert 403 == (await post(url, AddCheckpoint(0, (), signed).text.encode()))[0]


async def test_signatures_of_strangers_are_ignored(witness: WitnessSite, tree: Tree) -> None:
    """Fifteen more signatures, whatever they are, neither help nor harm; the page keeps the log's only."""
    head = tree.head(7)
    strangers = [
        Ed25519Signer(f"s{n}.example", Ed25519PrivateKey.generate()).sign("other\n") for n in range(15)
    ]
    signed = note.write(head.text, [*strangers, tree.signer.sign(head.text)])
    async with serving(witness) as url:
        assert 200 == (await post(url, AddCheckpoint(0, (), signed).text.encode()))[0]
        assert 2 == len(note.parse((await get(url + tree.path))[1]).signatures)


async def test_422_for_what_does_not_extend(witness: WitnessSite, tree: Tree) -> None:
    """A proof that is wrong, missing or where none belongs; another root; an empty tree with a false root."""
    fork = tree.forked(5, 20)
    good = tree.proof(7, 20)
    first = AddCheckpoint(0, tree.proof(3, 7), tree.signed(7))
    empty = AddCheckpoint(0, (), Checkpoint(tree.verifier.name, 0, bytes(32)).sign(tree.signer))
    async with serving(witness) as url:
        for request in (first, empty):
            assert 422 == (await post(url, request.text.encode()))[0]
        await post(url, tree.request(0, 7))
        wrong = (good[:-1], (*good, good[0]), (), good[::-1], (bytes(32), *good[1:]))
        for proof in wrong:
            body = AddCheckpoint(7, proof, tree.signed(20)).text.encode()
            assert 422 == (await post(url, body))[0]
        assert 422 == (await post(url, fork.request(7, 20)))[0]
        assert 422 == (await post(url, fork.request(7, 7)))[0]
        assert 200 == (await post(url, tree.request(7, 20)))[0]


async def test_an_empty_log_is_cosigned(witness: WitnessSite, tree: Tree) -> None:
    """The tree without leaves has one root, is consistent with all, and can be cosigned and grow."""
    async with serving(witness) as url:
        assert [200, 200, 200] == [
            (await post(url, tree.request(*sizes)))[0] for sizes in ((0, 0), (0, 0), (0, 5))
        ]


def _cut(body: bytes) -> bytes:
    return body[:-1]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _body: b"",
        lambda body: body.replace(b"old ", b"old  ", 1),
        lambda body: body.replace(b"old 3", b"old 03", 1),
        lambda body: body.replace(b"old 3", b"old -3", 1),
        lambda body: body.replace(b"old 3", b"old \xd9\xa3", 1),
        lambda body: body.replace(b"old 3", b"old 9223372036854775808", 1),
        lambda body: body.replace(b"\n\n", b"\n", 1),
        lambda body: body.replace(b"\n", b"\r\n"),
        lambda body: body.replace(b"\n\n", b"\nAAAA\n\n", 1),
        lambda body: body.replace(b"\n\n", b"\n" + b"A" * 42 + b"B=\n\n", 1),
        lambda body: body.replace(b"\n\n", b"\n" + (b"A" * 43 + b"=\n") * 64 + b"\n", 1),
        lambda body: body.replace(b"tree.example/log\n7\n", b"tree.example/log\n07\n", 1),
        lambda body: body.replace(b"tree.example/log\n7\n", b"tree.example/log\n9999999999999999999\n", 1),
        lambda body: b"\xff" + body,
        _cut,
    ],
)
async def test_400_for_what_is_no_request(
    witness: WitnessSite, tree: Tree, spoil: Callable[[bytes], bytes]
) -> None:
    """Each departure from the form of a request is a bad request, and changes nothing."""
    async with serving(witness) as url:
        assert 200 == (await post(url, tree.request(0, 3)))[0]
        assert 400 == (await post(url, spoil(tree.request(3, 7))))[0]
        assert 200 == (await post(url, tree.request(3, 7)))[0]


async def test_400_for_old_beyond_the_checkpoint(witness: WitnessSite, tree: Tree) -> None:
    """Old larger than the checkpoint is a bad request, and it is not told apart by what the witness saw."""
    body = AddCheckpoint(8, (), tree.signed(7)).text.encode()
    async with serving(witness) as url:
        assert 400 == (await post(url, body))[0]


async def test_413_for_too_much(witness: WitnessSite, tree: Tree) -> None:
    """A request larger than any could be is not read to its end."""
    async with serving(witness) as url:
        assert 413 == (await post(url, tree.request(0, 3) + b"x" * 300_000))[0]
        assert 200 == (await post(url, tree.request(0, 3)))[0]


async def test_extension_lines_are_cosigned_with_the_rest(witness: WitnessSite, tree: Tree) -> None:
    """A log's extension lines are under the cosignature; an empty one is no checkpoint."""
    text = f"{tree.head(3).text}more\n"
    signed = note.write(text, [tree.signer.sign(text)])
    async with serving(witness) as url:
        status, _, body = await post(url, AddCheckpoint(0, (), signed).text.encode())
    assert 200 == status
    key_of(witness).verify(Note(text, cosignature.parse_lines(body)))


async def test_two_keys_of_one_log(tmp_path: Path, tree: Tree) -> None:
    """A log that changes its key has both in the list; either signs, and it is one history."""
    second = Tree(Ed25519Signer(tree.verifier.name, Ed25519PrivateKey.generate()), tree.leaves)
    async with serving(site(tmp_path / "w", tree.verifier, second.verifier)) as url:
        assert 200 == (await post(url, tree.request(0, 7)))[0]
        assert 200 == (await post(url, second.request(7, 20)))[0]
        assert (409, SIZE_TYPE, "20\n") == await post(url, tree.request(7, 20))


async def test_concurrent_requests_sign_one_history(witness: WitnessSite, tree: Tree) -> None:
    """Sixty requests at once, half of them of a fork, from the same size: one history is cosigned."""
    fork = tree.forked(5, 40)
    async with serving(witness) as url:
        await post(url, tree.request(0, 5))
        bodies = [(t, n, t.request(5, n)) for n in range(6, 36) for t in (tree, fork)]
        answers = await asyncio.gather(*(post(url, body) for *_, body in bodies))
    cosigned = [(t, n) for (t, n, _), (status, *_) in zip(bodies, answers, strict=True) if status == 200]
    assert 1 == len(cosigned)
    assert {200, 409} == {status for status, *_ in answers}


async def test_shown_two_roots_it_keeps_the_evidence(witness: WitnessSite, tree: Tree) -> None:
    """Two roots signed for one size: the second is refused, and both lie in a file that anyone can check."""
    fork = tree.forked(5, 7)
    async with serving(witness) as url:
        await post(url, tree.request(0, 7))
        for old in (7, 0):
            assert 200 != (await post(url, AddCheckpoint(old, (), fork.signed(7)).text.encode()))[0]
    (kept,) = (witness.folder / "evidence").iterdir()
    shown = fork_evidence.parse(kept.read_bytes()).check(tree.verifier)
    assert (True, {tree.head(7), fork.head(7)}) == (shown.proven, {shown.first, shown.second})


async def test_restarted_witness_goes_on(witness: WitnessSite, tree: Tree) -> None:
    """What was cosigned before it was stopped is what it compares with after."""
    async with serving(witness) as url:
        await post(url, tree.request(0, 7))
    async with serving(witness) as url:
        assert (409, SIZE_TYPE, "7\n") == await post(url, tree.request(0, 20))
        assert 422 == (await post(url, tree.forked(5, 20).request(7, 20)))[0]
        assert 200 == (await post(url, tree.request(7, 20)))[0]


def test_witness_that_lost_its_memory_does_not_start(witness: WitnessSite) -> None:
    """Without its memory it could cosign a second history: it says so and ends."""
    (witness.folder / "memory.db").unlink()
    with pytest.raises(WitnessStateError, match=r"memory\.db is missing"), witness.opened():
        pass


def test_memory_belongs_to_its_key(witness: WitnessSite, tmp_path: Path, tree: Tree) -> None:
    """A memory put beside another key is refused, and so is a public key that is not the private one's."""
    other = site(tmp_path / "other", tree.verifier)
    (other.folder / "memory.db").rename(tmp_path / "aside.db")
    (witness.folder / "memory.db").rename(other.folder / "memory.db")
    with pytest.raises(WitnessStateError, match="another key"), other.opened():
        pass
    other.vkey.write_bytes(witness.vkey.read_bytes())
    with pytest.raises(FormatError, match="not of the key"), other.opened():
        pass


def test_witness_is_made_once(witness: WitnessSite) -> None:
    """Making a witness where one is would replace its key, and is refused."""
    with pytest.raises(KeyFileError):
        witness.init("witness.example/w2", [])


def test_open_key_is_refused(witness: WitnessSite) -> None:
    """A private key that others can read is not used."""
    key = witness.folder / "witness.key"
    assert 0o600 == key.stat().st_mode & 0o777
    key.chmod(0o640)
    with pytest.raises(KeyFileError, match="chmod 600"), witness.opened():
        pass


@pytest.mark.parametrize("text", ["not a key\n", "# fine\n\nlog.example+00000000+AAAA\n"])
def test_bad_line_among_the_logs_is_named(witness: WitnessSite, text: str) -> None:
    """A list of logs that cannot be read names the line."""
    witness.logs.write_text(text, "utf-8")
    line = text.count("\n")
    with pytest.raises(FormatError, match=f"line {line}"), witness.opened():
        pass
