"""Health and reflection: what load balancers and tools ask before anything else."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from audit.log import AuditLog
from exchange.edge.server import SERVICES
from exchange.wiring import log_settings
from tests.support import raw
from tests.support.broker import RunningBroker, Site, serve
from tests.support.opa import tool
from tests.support.raw import Wire, sign, told

V1 = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"

# Health


def test_health_is_told_on_both_ports(grpc_server: RunningBroker, grpc_channel: grpc.Channel) -> None:
    """Load balancers ask without TLS on the probe port, authorities on their own connection."""
    with grpc.insecure_channel(grpc_server.probe) as probe:
        for channel in (probe, grpc_channel):
            stub: Any = health_pb2_grpc.HealthStub(channel)
            for service in ("", *SERVICES):
                answer = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=5)
                assert health_pb2.HealthCheckResponse.SERVING == answer.status


def test_health_is_truthful_about_the_log(site: Site) -> None:
    """A broker whose log another process took over stops serving, and says so to who watches."""
    process = serve(site.write_config())
    with process.process, grpc.insecure_channel(process.probe) as probe:
        stub: Any = health_pb2_grpc.HealthStub(probe)
        watching = stub.Watch(health_pb2.HealthCheckRequest(), timeout=20)
        assert health_pb2.HealthCheckResponse.SERVING == next(watching).status
        AuditLog.open(log_settings(site.settings())).close()
        own = site.credentials(raw.UDK)
        with grpc.secure_channel(process.target, own.channel()) as channel:
            told(lambda: Wire(channel).exchange(b"\xff", sign(own, b"\xff")))
        assert health_pb2.HealthCheckResponse.NOT_SERVING == next(watching).status
        watching.cancel()
        process.terminate()


# Reflection


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
def test_reflection_lists_the_services_in_both_versions(grpc_channel: grpc.Channel, version: str) -> None:
    """Old tools ask in v1alpha, new ones in v1."""
    ask = iter([reflection_pb2.ServerReflectionRequest(list_services="")])
    call: Any = (
        reflection_pb2_grpc.ServerReflectionStub(grpc_channel).ServerReflectionInfo
        if version == "v1alpha"
        else grpc_channel.stream_stream(
            V1,
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
        )
    )
    [answer] = list(call(ask, timeout=5))
    listed = {s.name for s in answer.list_services_response.service}
    assert {*SERVICES, "grpc.health.v1.Health"} <= listed


def grpcurl(broker: RunningBroker, *arguments: str, data: str = "") -> subprocess.CompletedProcess[str]:
    """Runs grpcurl with Udbetaling Danmark's certificate."""
    folder = broker.site.keys
    own = folder / raw.UDK
    tls = ["-cacert", folder / "ca.pem", "-cert", own / "cert.pem", "-key", own / "cert.key"]
    given = ["-d", "@"] if data else []
    command = [tool("grpcurl"), *tls, "-max-time", "10", *given, broker.target, *arguments]
    return subprocess.run(
        [str(c) for c in command], input=data, capture_output=True, text=True, check=False, timeout=30
    )


def test_grpcurl_finds_its_way(grpc_server: RunningBroker) -> None:
    """A tool that knows nothing beforehand lists, describes and calls the services by reflection."""
    listed = grpcurl(grpc_server, "list")
    assert set(SERVICES) <= set(listed.stdout.split()), listed.stderr
    described = grpcurl(grpc_server, "describe", "hjemmel.exchange.v1.ExchangeBody")
    assert "case_reference" in described.stdout
    called = grpcurl(
        grpc_server, "hjemmel.exchange.v1.ExchangeService/GetDataset", data='{"name": "bbr.enhed"}'
    )
    assert "bbr.enhed" == json.loads(called.stdout)["dataset"]["name"]


def test_grpcurl_shows_a_refusal_in_full(grpc_server: RunningBroker) -> None:
    """Rich errors are readable with everybody's tool: ErrorInfo, and our own Refusal by reflection."""
    called = grpcurl(grpc_server, "hjemmel.exchange.v1.ExchangeService/Exchange", data="{}")
    assert called.returncode != 0
    assert "ENVELOPE_EMPTY" in called.stderr
    assert "hjemmel.exchange.v1.Refusal" in called.stderr
