"""The kind `soap`: a WSDL's operations, by what the catalogue entry says; see docs/registers-soap.md."""

from __future__ import annotations

from collections.abc import Sequence

from adapters.port import Connection, Dataset, RegisterAdapter


def open_soap(register: str, datasets: Sequence[Dataset], connection: Connection) -> RegisterAdapter:
    """See `adapters.port.Opener`."""
    del register  # the datasets say everything
    try:
        from adapters.kinds.soap.adapter import SoapAdapter  # noqa: PLC0415  # loads an optional library
    except ModuleNotFoundError as error:
        raise ValueError(
            f"the kind soap needs {error.name}, which is not installed: pip install 'hjemmel[soap]'"
        ) from error
    return SoapAdapter(datasets, connection)
