"""`hjemmel probe`: the health check of containers."""

from __future__ import annotations

from typing import Any

import click
import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from exchange.cli.output import CommandError, console, json_option, result

_TIMEOUT = 2.0  # seconds


@click.command()
@click.option("--address", default="127.0.0.1:8441", show_default=True, help="The broker's probe address.")
@json_option
def probe(address: str, as_json: bool) -> None:
    """Tell whether a broker can answer exchanges. Exit status 1 when it cannot."""
    with grpc.insecure_channel(address) as channel:
        try:
            request = health_pb2.HealthCheckRequest()
            stub: Any = health_pb2_grpc.HealthStub(channel)  # its methods are set when it is made
            answer = stub.Check(request, timeout=_TIMEOUT)
        except grpc.RpcError as error:
            raise CommandError(f"no broker answers at {address}: {error.code().name}") from error
    status = health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)
    if answer.status != health_pb2.HealthCheckResponse.SERVING:
        raise CommandError(f"the broker at {address} answers no exchanges: {status}", {"status": status})
    result(as_json, {"status": status}, lambda: console.print(status))
