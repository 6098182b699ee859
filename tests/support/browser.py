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


#: Texts whose colour stands out from the ground behind them less than WCAG 2.2 AA asks (1.4.3).
PALE = """
(() => {
  const parts = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b]
    .map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, n) => sum + v * [0.2126, 0.7152, 0.0722][n], 0);
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parts(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const said = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!said || !element.checkVisibility() || element.closest("script")) continue;
    const [a, b] = [light(parts(getComputedStyle(element).color)), light(ground(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) found.push(`${ratio.toFixed(2)} ${element.outerHTML.slice(0, 80)}`);
  }
  return found;
})()
"""
#: Tables without a caption, and headings of columns and rows without their scope.
UNNAMED = """
[...document.querySelectorAll("table")].filter((t) => !t.caption || !t.caption.textContent.trim()).length
+ document.querySelectorAll("th:not([scope])").length
"""


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
        """Evaluates an expression in the page, and waits for what it promises."""
        answer = await self.send(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
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
