"""A real Chromium without a window, driven over its own DevTools protocol."""

from __future__ import annotations

import base64
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

_FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0"),
)


def program() -> str:
    """Where Chromium is.

    Raises:
        LookupError: it is not installed.
    """
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    raise LookupError("Chromium is not installed: make system")


@dataclass
class Tab:
    """One page in the browser.

    Attributes:
        complaints: what the browser wrote on its console: errors, warnings, refused loads.
        loaded: every address that the page asked for.
    """

    socket: aiohttp.ClientWebSocketResponse
    complaints: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    _number: int = 0

    async def open(self, page: Path, *, width: int = 1280, scripts: bool = True) -> None:
        """Opens a file, as on a screen of a width."""
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        await self.send("Emulation.setDeviceMetricsOverride", **metrics)
        await self.send("Emulation.setScriptExecutionDisabled", value=not scripts)
        for domain in ("Page", "Log", "Runtime", "Network"):
            await self.send(f"{domain}.enable")
        await self.send("Page.navigate", url=f"file://{page}")
        while (await self._next())["method"] != "Page.loadEventFired":
            pass

    async def value(self, expression: str) -> Any:
        """Evaluates an expression in the page."""
        answer = await self.send("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"]["exception"]["description"])
        return answer["result"].get("value")

    async def picture(self, file: Path) -> None:
        """Takes a picture of the whole page."""
        taken = await self.send("Page.captureScreenshot", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(taken["data"]))  # noqa: ASYNC240  # nothing else waits

    async def send(self, method: str, **parameters: Any) -> Any:
        """Sends a command and gives its answer."""
        self._number += 1
        await self.socket.send_json({"id": self._number, "method": method, "params": parameters})
        while True:
            message = await self._next()
            if message.get("id") == self._number:
                if "error" in message:
                    raise AssertionError(f"{method}: {message['error']['message']}")
                return message["result"]

    async def _next(self) -> dict[str, Any]:
        message: dict[str, Any] = await self.socket.receive_json()
        method, parameters = message.get("method"), message.get("params", {})
        if method == "Log.entryAdded":
            self.complaints.append(parameters["entry"]["text"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(parameters["exceptionDetails"]["text"])
        elif method == "Runtime.consoleAPICalled":
            self.complaints.append(str(parameters["args"]))
        elif method == "Network.requestWillBeSent":
            self.loaded.append(parameters["request"]["url"])
        return {"method": None, **message}


@asynccontextmanager
async def chromium() -> AsyncIterator[Tab]:
    """Starts a browser with one empty page; ends it afterwards."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [program(), *_FLAGS, f"--user-data-dir={profile}", "about:blank"]
        process = subprocess.Popen(  # noqa: ASYNC220  # nothing else waits
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        try:
            assert process.stderr is not None
            line = ""
            while not line.startswith("DevTools listening on "):
                line = process.stderr.readline()
                assert line or process.poll() is None, "Chromium did not start"
            address = line.split()[-1].split("/devtools")[0].replace("ws:", "http:")
            async with aiohttp.ClientSession() as session:
                async with session.get(f"{address}/json/list") as answer:
                    targets = await answer.json()
                url = next(t["webSocketDebuggerUrl"] for t in targets if t["type"] == "page")
                async with session.ws_connect(url, max_msg_size=0) as socket:
                    yield Tab(socket)
        finally:
            process.terminate()
            process.wait()
            if process.stderr is not None:
                process.stderr.close()
