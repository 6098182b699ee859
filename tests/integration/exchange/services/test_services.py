"""The catalogue and dry runs, called as any gRPC tool would."""

from __future__ import annotations

import grpc
from hjemmel.exchange.v1 import exchange_service_pb2 as pb
from hjemmel.exchange.v1.envelope_pb2 import ExchangeBody
from hjemmel.exchange.v1.exchange_service_pb2_grpc import ExchangeServiceStub

from adapters.catalogue import load_catalogue
from exchange.client.credentials import Credentials
from tests.support import raw, verdict
from tests.support.adapters import Watched
from tests.support.broker import RunningBroker
from tests.support.raw import Wire, sign, told

# The catalogue


def test_datasets_come_in_pages(grpc_stub: ExchangeServiceStub) -> None:
    """Pages of any size follow each other without a gap, in order, and end with an empty token."""
    expected = sorted(load_catalogue().datasets)
    for size in (1, 4, 50, 5000, 0):
        found, token, pages = [], "", 0
        while token or not pages:
            page = grpc_stub.ListDatasets(pb.ListDatasetsRequest(page_size=size, page_token=token))
            found += [d.name for d in page.datasets]
            token, pages = page.next_page_token, pages + 1
            assert len(page.datasets) <= (min(size, 200) or 50)
        assert expected == found


def test_a_dataset_is_described_whole(grpc_stub: ExchangeServiceStub) -> None:
    """Every attribute and key of the catalogue, with type, sensitivity and both languages."""
    for name, expected in load_catalogue().datasets.items():
        dataset = grpc_stub.GetDataset(pb.GetDatasetRequest(name=name)).dataset
        described = {(a.name, a.type, a.sensitivity) for a in dataset.attributes}
        assert {(a.name, a.type, a.sensitivity) for a in expected.attributes} == described
        assert {k.kind for k in expected.keys} == {k.kind for k in dataset.keys}
        assert (expected.provider, expected.register) == (dataset.provider, dataset.register)
        assert all(a.description.en and a.description.da for a in dataset.attributes)


def test_a_dataset_that_is_not_there_is_not_found(grpc_stub: ExchangeServiceStub) -> None:
    """An unknown name is not found, and not repeated."""
    said = told(lambda: grpc_stub.GetDataset(pb.GetDatasetRequest(name="cpr.7204863900")))
    assert grpc.StatusCode.NOT_FOUND is said.status
    verdict.check_told(said, "NOT_FOUND", secrets=("7204863900",))


def test_a_negative_page_is_malformed(grpc_stub: ExchangeServiceStub) -> None:
    """The field is named."""
    said = told(lambda: grpc_stub.ListDatasets(pb.ListDatasetsRequest(page_size=-1)))
    verdict.check_told(said, "FIELD_INVALID")
    assert {"page_size"} == said.fields.keys()


def test_the_catalogue_is_for_participants(grpc_server: RunningBroker) -> None:
    """Whose participation is revoked may not even look at what there is."""
    with raw.connected(grpc_server, "nedlagt-styrelse") as wire:
        for call in (
            lambda: wire.exchanges.ListDatasets(pb.ListDatasetsRequest()),
            lambda: wire.exchanges.GetDataset(pb.GetDatasetRequest(name="cpr.person")),
        ):
            verdict.check_told(told(call), "PARTICIPANT_REVOKED")


# Dry runs


def test_a_dry_run_reads_no_register(
    grpc_server: RunningBroker,
    grpc_channel: grpc.Channel,
    credentials: Credentials,
    watched: Watched,
    body: bytes,
) -> None:
    """It gives the decision that the exchange would make and a receipt, and touches no register."""
    wire, before = Wire(grpc_channel), len(watched.asked)
    response = wire.dry_run(body, sign(credentials, body))
    assert before == len(watched.asked)
    entry = verdict.last(grpc_server).entry
    assert ("dry_run", "granted", ()) == (entry.kind, entry.outcome, entry.attributes_released)
    assert entry.attributes_granted == tuple(response.decision.granted_attributes)
    exchanged = wire.exchange(body, sign(credentials, body))
    assert before < len(watched.asked)
    assert exchanged.decision == response.decision


def test_a_dry_run_that_is_refused_is_recorded_like_any(
    grpc_server: RunningBroker, grpc_channel: grpc.Channel, credentials: Credentials, body: bytes
) -> None:
    """A rehearsal leaves its refusal in the log, as a rehearsal."""
    message = ExchangeBody.FromString(body)
    message.purpose = "curiosity"
    spoilt = message.SerializeToString()
    wire = Wire(grpc_channel)
    said = told(lambda: wire.dry_run(spoilt, sign(credentials, spoilt)))
    assert "dry_run" == verdict.check_ended(grpc_server, said, "PURPOSE_UNKNOWN").kind
