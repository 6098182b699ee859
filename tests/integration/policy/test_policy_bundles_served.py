"""The broker's bundle endpoint: what is in force, signed, at every OPA a moment after it was published."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from exchange.edge.bundles import PATH, BundleServer
from exchange.policy.bundle import BundleSigner
from exchange.policy.opa import OpaEngine
from exchange.policy.policy_set import PolicySet
from exchange.policy.revisions import Fixed
from tests.support import opa
from tests.support.policies import Store, with_agreement


@pytest.fixture
def signer(keys: Path) -> BundleSigner:
    return BundleSigner.load(keys / "policy.key", "policy-1")


@pytest.fixture
def store(policies: PolicySet) -> Store:
    return Store(policies)


@pytest.fixture
def newer(policies: PolicySet) -> PolicySet:
    """Another revision."""
    return with_agreement(policies, "udk-eindkomst", valid_to="2024-12-31")


@pytest.fixture
async def served(store: Store, signer: BundleSigner) -> AsyncIterator[str]:
    """Where the bundle is served."""
    async with BundleServer(store, signer, "127.0.0.1:0") as server:
        yield f"http://127.0.0.1:{server.port}"


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def fetch(http: aiohttp.ClientSession, served: str, **headers: str) -> tuple[int, str, bytes]:
    """Fetches the bundle; gives status, tag and content."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with http.get(f"{served}{PATH}", headers=named) as response:
        return response.status, response.headers["ETag"], await response.read()


def tag(policies: PolicySet) -> str:
    return f'"{policies.revision}"'


async def test_bundle_is_tagged_by_its_revision(
    http: aiohttp.ClientSession, served: str, policies: PolicySet
) -> None:
    """Who has it already gets no second copy; who has another, or none, gets it."""
    status, stated, bundle = await fetch(http, served)
    assert (200, tag(policies)) == (status, stated)
    assert bundle
    assert (304, tag(policies), b"") == await fetch(http, served, If_None_Match=tag(policies))
    for other in ('"other"', "", policies.revision, f"W/{tag(policies)}"):
        assert (200, stated, bundle) == await fetch(http, served, If_None_Match=other)


async def test_nothing_else_is_served(http: aiohttp.ClientSession, served: str) -> None:
    """One file can be read, and nothing written."""
    for path in ("/", "/bundles", "/bundles/other.tar.gz", f"{PATH}/../../keys"):
        async with http.get(f"{served}{path}") as response:
            assert 404 == response.status
    for method in ("PUT", "POST", "DELETE", "PATCH"):
        async with http.request(method, f"{served}{PATH}") as response:
            assert 405 == response.status


async def test_who_waits_is_answered_when_there_is_news(
    http: aiohttp.ClientSession, served: str, store: Store, policies: PolicySet, newer: PolicySet
) -> None:
    """A long poll is open until a revision is published, and then has it."""
    prefer = "modes=snapshot,delta;wait=30"
    waiting = asyncio.create_task(fetch(http, served, If_None_Match=tag(policies), Prefer=prefer))
    assert (304, tag(policies), b"") == await fetch(
        http, served, If_None_Match=tag(policies), Prefer="modes=snapshot;wait=1"
    )
    assert not waiting.done()
    store.publish(newer)
    status, stated, bundle = await waiting
    assert (200, tag(newer)) == (status, stated)
    assert bundle


async def test_who_waits_for_a_revision_long_gone_does_not_wait(
    http: aiohttp.ClientSession, served: str, policies: PolicySet
) -> None:
    """Another revision than the one in force is news at once."""
    status, stated, _ = await fetch(http, served, If_None_Match='"old"', Prefer="wait=30")
    assert (200, tag(policies)) == (status, stated)


async def test_server_stops_while_somebody_waits(
    http: aiohttp.ClientSession, policies: PolicySet, signer: BundleSigner
) -> None:
    """A broker that stops does not wait for its OPA servers' patience."""
    async with BundleServer(Fixed(policies), signer, "127.0.0.1:0") as server:
        url = f"http://127.0.0.1:{server.port}"
        await fetch(http, url)
        waiting = asyncio.create_task(fetch(http, url, If_None_Match=tag(policies), Prefer="wait=60"))
        await asyncio.sleep(0.1)
    with pytest.raises(aiohttp.ClientError):
        await waiting


async def test_address_that_is_taken_is_an_error(policies: PolicySet, signer: BundleSigner) -> None:
    """Two brokers do not share it unseen."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = BundleServer(Fixed(policies), signer, f"127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(OSError, match="in use"):
            await server.__aenter__()


# With OPA as it is deployed


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110  # of another process
            await asyncio.sleep(0.02)


async def test_new_revision_is_taken_over(
    served: str, store: Store, newer: PolicySet, policies: PolicySet, keys: Path, tmp_path: Path
) -> None:
    """OPA verifies the first bundle and every one that is published after it, and decides by it."""
    with opa.beside(served, keys / "policy.pub.pem", tmp_path / "opa.log") as process:
        await asyncio.to_thread(process.start)
        async with OpaEngine(process.url, store, 5, 8, 2) as engine:
            assert policies.revision == (await engine.decide({})).revision
            for published in (newer, policies, newer):
                store.publish(published)
                async with asyncio.timeout(30):
                    while published.revision != (await engine.decide({})).revision:  # noqa: ASYNC110
                        await asyncio.sleep(0.02)
        assert "error" not in process.said


async def test_bundle_by_another_key_is_never_loaded(
    store: Store, signer: BundleSigner, keys: Path, tmp_path: Path
) -> None:
    """An OPA that starts on a forged bundle decides nothing; one that runs keeps what it had."""
    forger = replace(signer, key=ec.generate_private_key(ec.SECP256R1()))
    async with BundleServer(store, forger, "127.0.0.1:0") as server:
        url = f"http://127.0.0.1:{server.port}"
        with opa.beside(url, keys / "policy.pub.pem", tmp_path / "opa.log") as process:
            await asyncio.to_thread(process.start, holding=False)
            await until(lambda: "failed to verify JWT signature" in process.said)
            async with OpaEngine(process.url, store, 5, 8, 2) as engine:
                assert engine.problem is not None
                assert {"decided": 0} == {"decided": engine.counts.decided}


async def test_nobody_writes_beside_the_bundle(
    http: aiohttp.ClientSession, served: str, keys: Path, tmp_path: Path
) -> None:
    """The bundle owns everything: who reaches OPA's API can put no rule and no data beside it."""
    with opa.beside(served, keys / "policy.pub.pem", tmp_path / "opa.log") as process:
        await asyncio.to_thread(process.start)
        rule = 'package batch\n\ndecisions := [{"allow": true}]\n'
        async with http.put(f"{process.url}/v1/policies/mine", data=rule) as response:
            assert 400 == response.status
        for path in ("agreements/mine", "batch", "elsewhere"):
            async with http.put(f"{process.url}/v1/data/{path}", json={}) as response:
                assert 400 == response.status
        async with http.delete(f"{process.url}/v1/policies/hjemmel/batch/batch.rego") as response:
            assert response.status in {400, 404}


async def test_forged_update_leaves_what_was_there(
    store: Store, newer: PolicySet, policies: PolicySet, signer: BundleSigner, keys: Path, tmp_path: Path
) -> None:
    """Who takes the endpoint's place without the key replaces nothing."""
    forger = replace(signer, key=ec.generate_private_key(ec.SECP256R1()))
    async with BundleServer(store, signer, "127.0.0.1:0") as server:
        port = server.port
        process_log = tmp_path / "opa.log"
        with opa.beside(f"http://127.0.0.1:{port}", keys / "policy.pub.pem", process_log) as process:
            await asyncio.to_thread(process.start)
            await server.__aexit__()
            store.publish(newer)
            async with BundleServer(store, forger, f"127.0.0.1:{port}"):
                await until(lambda: "failed to verify JWT signature" in process.said)
                async with OpaEngine(process.url, store, 5, 8, 2) as engine:
                    assert policies.revision == (await engine.decide({})).revision
