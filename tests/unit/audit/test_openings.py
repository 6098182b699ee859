"""Sealed parts held to all commitments at once: a yes is only given where the thorough way finds nothing."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from audit.errors import LogError
from audit.formats.commitment import commit, fresh_openings, opens
from audit.formats.entry import COMMITTED
from audit.vault import vault
from audit.vault.openings import opens_all
from audit.vault.vault import Opened

_KEY, _LEAF = bytes(range(32)), b"leaf"
values = st.dictionaries(st.sampled_from(COMMITTED), st.binary(max_size=40), max_size=6)


def _plain(opened: Opened) -> bytes:
    return vault.decrypt(_KEY, _LEAF, vault.seal(_KEY, _LEAF, opened))


def _thorough(plain: bytes, commitments: dict[str, str]) -> bool:
    try:
        opened = vault.read(plain)
    except (LogError, ValueError, KeyError, TypeError, AttributeError):
        return False
    return all(
        opens(commitments, opened.openings.get(name, b""), name, opened.values.get(name, b""))
        for name in commitments.keys() | opened.values.keys()
    )


def _at_once(plain: bytes, commitments: dict[str, str]) -> bool:
    names = tuple(sorted(commitments))
    return opens_all(plain, names, [commitments[name].encode() for name in names])


@given(values)
def test_genuine_part_opens(values: dict[str, bytes]) -> None:
    """What was sealed with an entry opens all its commitments, whichever values there are."""
    openings = fresh_openings(list(values))
    commitments = {name: commit(openings[name], name, value) for name, value in values.items()}
    plain = _plain(Opened(openings, values))
    assert _thorough(plain, commitments)
    assert bool(values) == _at_once(plain, commitments)  # of none there is nothing to do at once


@given(values.filter(bool), st.randoms(use_true_random=False), st.data())
def test_no_yes_where_the_thorough_way_says_no(
    values: dict[str, bytes], chosen: random.Random, data: st.DataObject
) -> None:
    """However the plain text is damaged, even by whoever has the key: what opens at once opens thoroughly."""
    openings = fresh_openings(list(values))
    commitments = {name: commit(openings[name], name, value) for name, value in values.items()}
    plain = bytearray(_plain(Opened(openings, values)))
    at = chosen.randrange(len(plain))
    plain[at : at + data.draw(st.integers(0, 3))] = data.draw(
        st.sampled_from([b"", b'"', b",", b" ", b"=", b"A", b"\\u0041", b"0", b"F", b"}", b'":"'])
    )
    if _at_once(bytes(plain), commitments):
        assert _thorough(bytes(plain), commitments)
    assert not _at_once(bytes(plain), {**commitments, next(iter(values)): "0" * 64})
