"""Everything that can be done to a receipt."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256

from audit.formats import canonical, entry, note, proof_file
from audit.formats.checkpoint import Checkpoint
from audit.formats.entry import POLICY_CHANGED, Event
from audit.formats.note import NoteSignature, NoteVerifier
from audit.formats.proof_file import ProofFile
from tests.support.logs import ORIGIN
from tests.support.receipts import Given, Receipt, receipt, signer

EVENT = entry.encode(Event(POLICY_CHANGED, "2026-11-21T20:00:00Z", None, "", {"revision": "x"}), {})


def mutants(whole: Receipt) -> Iterator[tuple[str, Given]]:
    """Everything that can be done to a receipt, named. None of it holds."""
    yield from _flipped(whole.given)
    yield from _lines(whole)
    yield from _parts(whole)
    yield from _entries(whole)
    yield from _keys(whole)
    yield from _signed(whole)


def _flipped(given: Given) -> Iterator[tuple[str, Given]]:
    chance = random.Random(1)
    for at in range(0, len(given.file), 7):
        changed = bytearray(given.file)
        changed[at] ^= 1 << chance.randrange(8)
        yield f"bit at {at}", replace(given, file=bytes(changed))
    for at in range(0, len(given.vkey), 3):
        key = bytearray(given.vkey.encode())
        key[at] ^= 1 << chance.randrange(7)
        yield f"bit of the key at {at}", replace(given, vkey=key.decode())


def _lines(whole: Receipt) -> Iterator[tuple[str, Given]]:
    text, vkey = whole.text, whole.given.vkey
    lines = text.split("\n")
    for n in range(len(lines) - 1):
        swapped = [*lines[:n], lines[n + 1], lines[n], *lines[n + 2 :]]
        if swapped != lines:
            yield f"lines {n} and {n + 1} swapped", Given("\n".join(swapped).encode(), vkey)
        without, twice = [*lines[:n], *lines[n + 1 :]], [*lines[:n], lines[n], *lines[n:]]
        yield f"line {n} left out", Given("\n".join(without).encode(), vkey)
        if not lines[n].startswith("\N{EM DASH}"):  # signed twice is signed
            yield f"line {n} twice", Given("\n".join(twice).encode(), vkey)
        for added in ("", " ", "x", base64.b64encode(bytes(32)).decode()):
            more = "\n".join([*lines[:n], added, *lines[n:]])
            yield f"line {added!r} before {n}", Given(more.encode(), vkey)
    for length in (0, 1, 2, len(text) // 3, len(text) // 2, len(text) - 2, len(text) - 1):
        yield f"cut at {length}", Given(text[:length].encode(), vkey)
    whole_bytes = text.encode()
    for name, changed in {
        "CRLF": whole_bytes.replace(b"\n", b"\r\n"),
        "CR": whole_bytes.replace(b"\n", b"\r"),
        "a byte order mark": b"\xef\xbb\xbf" + whole_bytes,
        "UTF-16": text.encode("utf-16"),
        "Latin-1": whole_bytes.replace("\N{EM DASH}".encode(), b"\x97"),
        "an overlong character": whole_bytes.replace(b"index", b"\xc1\xa9ndex"),
        "a surrogate": whole_bytes.replace(b"index", b"\xed\xa0\x80ndex"),
        "a zero byte at the end": whole_bytes + b"\0",
        "an empty line at the end": whole_bytes + b"\n",
        "text at the end": whole_bytes + b"x\n",
        "oversize": whole_bytes + b"\n" * proof_file.MAX_SIZE,
    }.items():
        yield name, Given(changed, vkey)


def _parts(whole: Receipt) -> Iterator[tuple[str, Given]]:
    vkey = whole.given.vkey
    hash_ = bytes(32)
    first, *rest = whole.path or (hash_,)
    changed = {
        "the index before": replace(whole, index=whole.index - 1) if whole.index else None,
        "the index after": replace(whole, index=whole.index + 1),
        "an index beyond the log": replace(whole, index=whole.size),
        "a huge index": replace(whole, index=10**18),
        "the entry of another log": replace(whole, leaf=receipt(1, 0).leaf),
        "an empty entry": replace(whole, leaf=b""),
        "a hash of zeros": replace(whole, path=(hash_, *rest)),
        "the path backwards": replace(whole, path=whole.path[::-1]) if len(whole.path) > 1 else None,
        "the first hash missing": replace(whole, path=whole.path[1:]) if whole.path else None,
        "the last hash missing": replace(whole, path=whole.path[:-1]) if whole.path else None,
        "a hash more": replace(whole, path=(*whole.path, hash_)),
        "64 hashes": replace(whole, path=(hash_,) * 64),
        "a short hash": replace(whole, path=(hash_[1:], *rest)),
        "a long hash": replace(whole, path=(hash_ + b"x", *rest)),
        "another root": replace(whole, root=first if first != whole.root else hash_),
        "an empty log": replace(whole, size=0),
    }
    for name, one in changed.items():
        if one is not None and one.text != whole.text:
            yield name, Given(one.text.encode(), vkey)
    for old, new in {
        "index ": "index 0",
        "extra ": "extra  ",
        f"{ORIGIN}\n{whole.size}\n": f"{ORIGIN}\n{whole.size + 1}\n",
        f"\n{whole.size}\n": f"\n0{whole.size}\n",
        f"{ORIGIN}\n": f"{ORIGIN}\n\n",
        "@v1": "@v2",
        "=\n": "\n",
        "\N{EM DASH} ": "- ",
    }.items():
        yield f"{old!r} as {new!r}", Given(whole.text.replace(old, new, 1).encode(), vkey)
    line = whole.text.split("\n")[-2] + "\n"
    yield "101 signatures", Given((whole.text + line * 100).encode(), vkey)


def _signed(whole: Receipt) -> Iterator[tuple[str, Given]]:
    """What a log could only have signed by mistake or malice, or what others wrote beside its signature."""
    verifier, hash_ = whole.signer.verifier, bytes(32)
    short = (hash_[1:], *whole.path[1:])
    for what, lie in {
        "an index beyond the log that leads to the root": replace(whole, index=1, size=1, path=(hash_,)),
        "a hash more that leads to the root": replace(whole, path=(*whole.path, hash_)),
        "a hash less that leads to the root": replace(whole, path=whole.path[:-1]) if whole.path else None,
        "a short hash that leads to the root": replace(whole, path=short) if whole.path else None,
    }.items():
        if lie is not None:
            yield what, replace(lie, root=lie.climbed).given
    body = Checkpoint(verifier.name, whole.size, whole.root).text
    for what, text in {
        "an extension line": body + "extension\n",
        "an empty line more": body + "\n",
        "a size with a zero before it": body.replace("\n", "\n0", 1),
        "a size with a plus": body.replace("\n", "\n+", 1),
        "another log's name": body.replace(verifier.name, "other.example/log"),
        "no name": body.removeprefix(verifier.name),
    }.items():
        yield f"signed: {what}", _noted(whole, note.write(text, [whole.signer.sign(text)]))
    mine = whole.signer.sign(body)
    for what, other in {
        "a signature of a name with a plus": NoteSignature("a+b", b"1234", hash_),
        "a signature of an invisible name": NoteSignature("a\N{ZERO WIDTH SPACE}b", b"1234", hash_),
        "a signature of no bytes": NoteSignature("witness.example", b"1234", b""),
        "a signature that is too large": NoteSignature(
            "witness.example", b"1234", bytes(proof_file.MAX_SIZE)
        ),
    }.items():
        yield what, _noted(whole, note.write(body, [other, mine]))
    yield "no line's end", Given(f"{whole.text[:-1]}x".encode(), verifier.vkey)
    cosigner = b"\x04" + verifier.public_key
    key_id = sha256(verifier.name.encode() + b"\n" + cosigner).digest()[:4]
    vkey = f"{verifier.name}+{key_id.hex()}+{base64.b64encode(cosigner).decode()}"
    claimed = note.write(body, [NoteSignature(verifier.name, key_id, mine.signature)])
    yield "signed under another type of key", replace(_noted(whole, claimed), vkey=vkey)


def _noted(whole: Receipt, signed: str) -> Given:
    return Given(ProofFile(whole.index, whole.path, signed, whole.leaf).text.encode(), whole.given.vkey)


def _entries(whole: Receipt) -> Iterator[tuple[str, Given]]:
    """Leaves that a log truly holds and signed, but that are no entries of ours."""
    leaf = whole.leaf
    document = json.loads(leaf)
    merged = {n: v for n, v in document.items() if n not in {"consumer", "dataset"}}
    for name, changed in {
        "not JSON": b"x",
        "no UTF-8": leaf.replace(b"granted", b"gr\xffnted"),
        "a list": b"[]",
        "null": b"null",
        "spaces": leaf.replace(b":", b": "),
        "a newline at the end": leaf + b"\n",
        "a byte order mark in the entry": b"\xef\xbb\xbf" + leaf,
        "a name twice": leaf[:-1] + b',"v":1}',
        "another order": b'{"v":1,' + leaf[1:].replace(b',"v":1', b""),
        "an escape that is none": leaf.replace(b"granted", b"\\u0067ranted"),
        "a lone surrogate": leaf.replace(b'"granted"', b'"\\ud800"'),
        "version 2": leaf.replace(b'"v":1', b'"v":2'),
        "version 1.0": leaf.replace(b'"v":1', b'"v":1.0'),
        "version 1e0": leaf.replace(b'"v":1', b'"v":1e0'),
        "version true": leaf.replace(b'"v":1', b'"v":true'),
        "version as text": leaf.replace(b'"v":1', b'"v":"1"'),
        "no version": leaf.replace(b',"v":1', b""),
        "a huge number": leaf.replace(b'"v":1', b'"v":9007199254740993'),
        "a float": leaf.replace(b'"v":1', b'"v":1,"w":0.5'),
        "an exponent": leaf.replace(b'"v":1', b'"v":1,"w":1e+30'),
        "minus zero": leaf.replace(b'"v":1', b'"v":-0'),
        "a field more": leaf.replace(b'"v":1', b'"v":1,"w":""'),
        "a field that is not ASCII": leaf.replace(b'"v":1', '"v":1,"\xe6":""'.encode()),
        "a field called __proto__": b'{"__proto__":{},' + leaf[1:],
        "a field missing": leaf.replace(b'"kind":"exchange",', b""),
        "two fields as one": canonical.encode({**merged, "consumer,dataset": ""}),
        "a number for a text": leaf.replace(b'"outcome":"granted"', b'"outcome":1'),
        "null for a text": leaf.replace(b'"outcome":"granted"', b'"outcome":null'),
        "a text for a list": leaf.replace(b'"reasons":[]', b'"reasons":""'),
        "a number in a list": leaf.replace(b'"reasons":[]', b'"reasons":[1]'),
        "an obligation of another form": leaf.replace(b'"obligations":[]', b'"obligations":[{"id":""}]'),
        "a list for commitments": canonical.encode({**document, "commitments": []}),
        "an unknown commitment": canonical.encode({**document, "commitments": {"x": "0" * 64}}),
        "a short commitment": canonical.encode({**document, "commitments": {"case": "0" * 63}}),
        "a commitment in capitals": canonical.encode({**document, "commitments": {"case": "A" * 64}}),
        "a commitment that is a list": canonical.encode({**document, "commitments": {"case": ["0" * 64]}}),
        "a name of a detail that is not ASCII": EVENT.replace(b'"revision"', '"r\xe6vision"'.encode()),
        "a detail that is no text": EVENT.replace(b'"x"', b"1"),
        "a kind of event with the fields of an entry": leaf.replace(b'"exchange"', b'"policy_changed"'),
        "deep": b"[" * 300 + b"]" * 300,
        "very deep": b"[" * 60_000,
    }.items():
        assert changed != leaf, name
        yield name, whole.of_leaf(changed).given


def _keys(whole: Receipt) -> Iterator[tuple[str, Given]]:
    file, vkey = whole.given.file, whole.given.vkey
    name, key_id, key = vkey.split("+", 2)
    other = signer(1)
    renamed = signer(0, "other.example/log").verifier.vkey
    for what, changed in {
        "another log's key": other.verifier.vkey,
        "the same key of another name": renamed,
        "upper case in the key's id": f"{name}+{key_id.upper()}A+{key}",
        "a key without an id": f"{name}++{key}",
        "a key of zeros": NoteVerifier(name, bytes(32)).vkey,
        "a key cut off": vkey[:-1],
        "a key twice": f"{vkey}\n{vkey}",
        "a key after a byte order mark": f"\ufeff{vkey}",
        "a key of a name with a space": vkey.replace("/", " /"),
    }.items():
        yield what, Given(file, changed)
    forged = NoteSignature(name, whole.signer.verifier.key_id, other.sign("x").signature)
    body = Checkpoint(name, whole.size, whole.root).text
    for what, signatures in {
        "signed by another key": [other.sign(body)],
        "a forged signature": [forged],
        "a signature of no bytes but one": [replace(forged, signature=b"x")],
        "a forged signature before the true one": [forged, whole.signer.sign(body)],
    }.items():
        signed = note.write(body, signatures)
        yield what, _noted(whole, signed)
