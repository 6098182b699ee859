"""Who is at the other end of a connection."""

from __future__ import annotations

from exchange.edge.status import Context, abort
from exchange.errors import Refused
from exchange.identity.authenticator import SignatureAuthenticator


class Callers:
    """Admits the participants to calls that need no signature, because they read nobody's data."""

    def __init__(self, authenticator: SignatureAuthenticator) -> None:
        """Takes who knows the participants."""
        self._authenticator = authenticator

    async def admit(self, context: Context) -> str:
        """Gives the CVR number of the participant that calls, or ends the call."""
        try:
            caller = self._authenticator.identify(certificate_of(context))
            return self._authenticator.admit(caller).cvr
        except Refused as refused:
            await abort(context, refused)


def certificate_of(context: Context) -> bytes:
    """Gives the client certificate of a connection in PEM; empty where there is none."""
    values = context.auth_context().get("x509_pem_cert")
    return next(iter(values), b"") if values else b""
