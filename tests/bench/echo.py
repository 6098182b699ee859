"""The yardstick: gRPC on the same terms as the broker, and nothing behind it.

The same service, messages, mutual TLS, event loop and scheduling. Each call is answered with the next
of some answers that the broker gave, so that payloads are as large. Arguments: CONFIG ANSWERS.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import signal
import sys
from pathlib import Path
from typing import Any

import grpc
import uvloop
from hjemmel.exchange.v1 import exchange_service_pb2 as pb
from hjemmel.exchange.v1 import exchange_service_pb2_grpc as pb_grpc

from exchange import wiring
from exchange.cli.serve import calm_scheduling
from exchange.config import Settings, load
from tests.bench.messages import read_all


class Echo(pb_grpc.ExchangeServiceServicer):
    """Answers without a thought."""

    def __init__(self, answers: list[pb.ExchangeResponse]) -> None:
        """Takes the answers to give, in turns."""
        self._answers = itertools.cycle(answers)

    async def Exchange(  # noqa: N802  # gRPC gives methods their names
        self, request: pb.ExchangeRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.ExchangeResponse:
        """Gives the next answer."""
        return next(self._answers)


async def _serve(settings: Settings, answers: Path) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    tls = wiring.tls(settings)
    credentials = grpc.ssl_server_credentials(
        [(tls.key.read_bytes(), tls.certificate.read_bytes())],
        root_certificates=tls.client_ca.read_bytes(),
        require_client_auth=True,
    )
    server = grpc.aio.server()
    replies = [pb.ExchangeResponse.FromString(a) for a in read_all(answers)]
    pb_grpc.add_ExchangeServiceServicer_to_server(Echo(replies), server)
    port = server.add_secure_port("127.0.0.1:0", credentials)
    await server.start()
    sys.stdout.write(json.dumps({"address": f"127.0.0.1:{port}"}) + "\n")
    sys.stdout.flush()
    await stop.wait()
    await server.stop(1)


if __name__ == "__main__":
    calm_scheduling()
    uvloop.run(_serve(load(Path(sys.argv[1])), Path(sys.argv[2])))
