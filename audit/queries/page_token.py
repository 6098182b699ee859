"""Where the next page goes on: opaque, authenticated, and of one search only.

A token tells the index after which to go on and how many entries the log had when the first page was given,
so that all pages are of the same log. Its authenticator is over the criteria, the viewer and the order, too,
which do not stand in it. It gives no rights: what the viewer may see is found anew for every page.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass

from audit.errors import FormatError
from audit.formats import canonical
from audit.formats.mac import mac
from audit.queries.criteria import Criteria, Order, Viewer

_NUMBER = 8
_TAG = 16
_SIZE = 2 * _NUMBER + _TAG


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended.

    Attributes:
        last: index of its last record.
        size: how many entries were searched for the first page.
    """

    last: int
    size: int


class PageTokens:
    """Writes and reads them."""

    def __init__(self, key: bytes) -> None:
        """Takes the key that all brokers of a log share."""
        self._key = key

    def write(self, place: Place, viewer: Viewer, criteria: Criteria, order: Order) -> str:
        """Writes one."""
        plain = place.last.to_bytes(_NUMBER) + place.size.to_bytes(_NUMBER)
        return base64.urlsafe_b64encode(plain + self._tag(plain, viewer, criteria, order)).decode()

    def read(self, text: str, viewer: Viewer, criteria: Criteria, order: Order) -> Place:
        """Reads one.

        Raises:
            FormatError: it is none, or one of another search.
        """
        try:
            data = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
        except (UnicodeEncodeError, binascii.Error):
            data = b""
        plain, tag = data[: -_TAG or None], data[-_TAG:]
        if len(data) != _SIZE or not hmac.compare_digest(tag, self._tag(plain, viewer, criteria, order)):
            raise FormatError("the page token is of another search: begin again without it")
        return Place(int.from_bytes(plain[:_NUMBER]), int.from_bytes(plain[_NUMBER:]))

    def _tag(self, plain: bytes, viewer: Viewer, criteria: Criteria, order: Order) -> bytes:
        search = [viewer.role, viewer.authority or "", criteria.plain(), order.value, plain.hex()]
        return mac(self._key, b"page\x00" + canonical.encode(search))[:_TAG]
