"""Certificates of organisations.

An organisation certificate (OCES3) names its organisation in the subject's organizationIdentifier
(OID 2.5.4.97) as `NTRDK-` and the CVR number.
"""

from __future__ import annotations

from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from exchange.errors import Refused
from exchange.model.identifiers import is_cvr
from exchange.model.request import Caller

_PREFIX = "NTRDK-"


@lru_cache(maxsize=1024)  # parsing costs as much as the rest of authentication
def caller_of(pem: bytes) -> Caller:
    """Reads who a certificate belongs to. Whether it is to be trusted, TLS has checked.

    Raises:
        Refused: CERTIFICATE_REQUIRED or CERTIFICATE_NOT_AN_ORGANISATION.
    """
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        names = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_IDENTIFIER)
    except ValueError as error:
        raise Refused.because("CERTIFICATE_REQUIRED") from error
    values = [str(n.value) for n in names]
    cvr = values[0].removeprefix(_PREFIX) if len(values) == 1 else ""
    if not (values and values[0].startswith(_PREFIX) and is_cvr(cvr)):
        raise Refused.because("CERTIFICATE_NOT_AN_ORGANISATION")
    return Caller(cvr, certificate.fingerprint(hashes.SHA256()).hex())
