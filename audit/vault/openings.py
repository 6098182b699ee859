"""What is sealed with an entry, held to all of its commitments at once: for whoever reads a whole log."""

from __future__ import annotations

import binascii
from collections.abc import Sequence
from functools import lru_cache

from audit.formats.commitment import OPENING_SIZE
from audit.formats.mac import mac_each


def opens_all(plain: bytes, names: tuple[str, ...], commitments: Sequence[bytes]) -> bool:
    """Tells whether a sealed part opens every commitment of its entry, and holds nothing else.

    A yes means that `vault.unseal` reads it and that `commitment.opens` agrees for every name. A no means
    only that these two have to be asked: they take the parts apart one by one, and say what is wrong.

    Args:
        plain: the sealed part, decrypted.
        names: what the entry commits to, in order.
        commitments: in hexadecimal, in the same order.
    """
    # Neither hexadecimal digits nor base64 need an escape: a text that splits into these parts, and
    # has nothing but digits in the places of the values, is canonical JSON that says just that.
    parts = plain.split(b'"')
    begin = 4 * len(names) + 7
    openings, values = parts[5 : begin - 4 : 4], parts[begin::4]
    del parts[begin::4], parts[5 : begin - 4 : 4]
    around, prefixes = _form(names)
    if parts != around or {*map(len, openings)} != {2 * OPENING_SIZE}:
        return False
    try:
        keys = [binascii.unhexlify(opening) for opening in openings]
        messages = [
            prefix + binascii.a2b_base64(value, strict_mode=True)
            for prefix, value in zip(prefixes, values, strict=True)
        ]
    except ValueError:
        return False
    return binascii.hexlify(b"".join(mac_each(keys, messages))) == b"".join(commitments)


@lru_cache
def _form(names: tuple[str, ...]) -> tuple[list[bytes], list[bytes]]:
    """What stands around the values of these names, cut at quotes; what each is prefixed with."""
    openings = ",".join(f'"{name}":""' for name in names)
    whole = f'{{"openings":{{{openings}}},"values":{{{openings}}}}}'.encode().split(b'"')
    begin = 4 * len(names) + 7
    del whole[begin::4], whole[5 : begin - 4 : 4]
    return whole, [name.encode() + b"\x00" for name in names]
