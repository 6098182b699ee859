"""The page that verifies receipts: what it shows, to whom, and that nothing leaves it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from audit.formats.note import NoteSignature, write
from audit.formats.proof_file import ProofFile
from exchange.workbench import receipt_words as words
from tests.integration.receipts.conftest import Verifier
from tests.support.browser import PALE, UNNAMED, Tab
from tests.support.receipts import VALUES, Given, Receipt, hostile, receipt, signer

pytestmark = pytest.mark.asyncio(loop_scope="module")

WHOLE = receipt(300, 299)
ALTERED = replace(WHOLE, leaf=WHOLE.leaf.replace(b"udl.5", b"udl.6"))
HOSTILE = (
    '"><img src=x onerror="document.title=\'fooled\'">'
    "<script>document.title='fooled'</script>{{ 7 * 7 }} {name}"
)


def openings(whole: Receipt, **values: bytes) -> str:
    """The reader's own values as JSON."""
    return json.dumps(
        [
            {
                "name": name,
                "key": base64.b64encode(whole.openings[name]).decode(),
                "value_base64": base64.b64encode(value).decode(),
            }
            for name, value in values.items()
        ]
    )


async def test_receipt_that_holds_says_so_in_plain_words(verifier: Verifier) -> None:
    """One verdict, every step, and who asked for what under which law, by names that people know."""
    assert {"good"} == set((await verifier.verify(WHOLE.given)).steps.values())
    assert "Kvitteringen holder\nThe receipt holds" == await verifier.text("[data-part=verdict]")
    said = await verifier.text("[data-part=entry]")
    for name in ("Udbetaling Danmark", "91000008", "housing-benefit.household", "udl.5", "imødekommet"):
        assert name in said
    assert said.index("Hvem spurgte") < said.index("Efter hvilken lov") < said.index("Anmodningens id")


async def test_each_level_of_the_climb_is_shown_on_demand(verifier: Verifier) -> None:
    """As many levels as the receipt has hashes, the last of which gives the root."""
    await verifier.verify(WHOLE.given)
    assert not await verifier.tab.value("document.querySelector('.levels').checkVisibility()")
    await verifier.tab.value("document.querySelector('[data-step=inclusion] summary').click()")
    shown = (await verifier.text(".levels")).split()
    assert [h.hex() for h in WHOLE.path] == [word for word in shown if word in {h.hex() for h in WHOLE.path}]
    assert WHOLE.root.hex() == shown[-1]


async def test_receipt_that_does_not_hold_names_the_first_step_that_fails(verifier: Verifier) -> None:
    """Later steps are not reached, and what the file says is shown as what it claims."""
    found = await verifier.verify(ALTERED.given)
    assert ("fails", "inclusion") == (found.verdict, found.decisive)
    assert ["unreached"] * 2 == [found.steps["key"], found.steps["signature"]]
    assert "The receipt does not hold" in await verifier.text("[data-part=verdict]")
    assert words.REASONS["path-root"].en in await verifier.text("[data-part=why]")
    assert "It is not proven" in await verifier.text("[data-part=claim]")


async def test_without_a_key_nothing_is_claimed(verifier: Verifier) -> None:
    """The proof leads to the root, but whose root it is nobody knows: not decided."""
    found = await verifier.verify(replace(WHOLE.given, vkey=" "))
    assert ("open", "key") == (found.verdict, found.decisive)
    assert ("good", "open") == (found.steps["inclusion"], found.steps["signature"])
    assert "holds" not in await verifier.text("[data-part=verdict]")


@pytest.mark.parametrize(
    ("missing", "steps", "reason"),
    [
        ("crypto.subtle.importKey = async () => { throw new DOMException('', 'NotSupportedError'); }",
         ["signature"], "no-ed25519"),
        ("Object.defineProperty(Crypto.prototype, 'subtle', { value: undefined })",
         ["leaf", "inclusion", "key", "signature"], "no-crypto"),
    ],
)  # fmt: skip
async def test_what_the_browser_cannot_check_is_not_claimed(
    verifier: Verifier, missing: str, steps: list[str], reason: str
) -> None:
    """Without Ed25519, or without any cryptography, the page says which part was not checked."""
    await verifier.tab.value(f"void ({missing})")
    found = await verifier.verify(WHOLE.given)
    assert "open" == found.verdict
    assert steps == [name for name, state in found.steps.items() if state == "open"]
    assert words.REASONS[reason].en in await verifier.text("[data-part=why]")
    assert "fails" == (await verifier.verify(Given(b"x", WHOLE.given.vkey))).verdict


async def test_signatures_of_others_are_shown_as_not_checked(verifier: Verifier) -> None:
    """A witness's line neither helps nor harms, and the page does not vouch for it."""
    body = WHOLE.signed.split("\n\n")[0] + "\n"
    witness = NoteSignature("witness.example", b"wxyz", b"\0" * 72)
    signed = write(body, [witness, WHOLE.signer.sign(body)])
    file = ProofFile(WHOLE.index, WHOLE.path, signed, WHOLE.leaf).text.encode()
    assert "holds" == (await verifier.verify(Given(file, WHOLE.given.vkey))).verdict
    said = await verifier.text("[data-step=signature]")
    assert words.FACTS["others"].en in said
    assert f"witness.example+{b'wxyz'.hex()}" in said


async def test_second_signature_of_the_log_must_hold_too(verifier: Verifier) -> None:
    """A log signs once; where it seems to have signed twice, both are checked."""
    body = WHOLE.signed.split("\n\n")[0] + "\n"
    forged = NoteSignature(signer().verifier.name, signer().verifier.key_id, signer(1).sign(body).signature)
    file = ProofFile(
        WHOLE.index, WHOLE.path, write(body, [WHOLE.signer.sign(body), forged]), WHOLE.leaf
    ).text.encode()
    assert "signature" == (await verifier.verify(Given(file, WHOLE.given.vkey))).decisive


async def test_own_values_are_held_to_the_commitments(verifier: Verifier) -> None:
    """The true values are the recorded ones, text or bytes; what was not given stays sealed."""
    assert "holds" == (await verifier.verify(WHOLE.given, openings(WHOLE, **VALUES))).verdict
    assert 4 == await verifier.tab.value("document.querySelectorAll('.sealed .good').length")
    key = base64.b64encode(WHOLE.openings["caseworker"]).decode()
    one = json.dumps({"name": "caseworker", "key": key, "value": VALUES["caseworker"].decode()})
    assert "holds" == (await verifier.verify(WHOLE.given, one)).verdict
    assert 1 == await verifier.tab.value("document.querySelectorAll('.sealed .good').length")


@pytest.mark.parametrize("name", VALUES)
async def test_other_values_than_the_sealed_ones_show(verifier: Verifier, name: str) -> None:
    """One bit of a value: the receipt holds, the values do not."""
    value = bytearray(VALUES[name])
    value[-1] ^= 1
    found = await verifier.verify(WHOLE.given, openings(WHOLE, **{**VALUES, name: bytes(value)}))
    assert ("differs", "values") == (found.verdict, found.decisive)
    assert name in await verifier.text("[data-part=why]")
    assert 1 == await verifier.tab.value("document.querySelectorAll('.sealed .bad').length")


KEY = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    "given",
    [
        "x", "[]", "1", "null", "[1]", "[[[]]]", "{}",
        json.dumps({"name": "case", "key": KEY}),
        json.dumps({"name": "case", "key": KEY[4:], "value": ""}),
        json.dumps({"name": "case", "key": KEY, "value": "", "value_base64": ""}),
        json.dumps({"name": "case", "key": KEY, "value": "", "more": ""}),
        json.dumps({"name": "case", "key": KEY, "value_base64": "x"}),
        json.dumps({"name": "case", "key": KEY, "value": 1}),
        json.dumps([{"name": "case", "key": KEY, "value": ""}] * 2),
    ],
)  # fmt: skip
async def test_values_that_cannot_be_read_are_not_checked(verifier: Verifier, given: str) -> None:
    """What is no list of values leaves the verdict open; it says nothing against the receipt."""
    found = await verifier.verify(WHOLE.given, given)
    assert ("open", "values") == (found.verdict, found.decisive)


async def test_value_under_an_unknown_name_is_no_value_of_the_entry(verifier: Verifier) -> None:
    """Not even under one that every object of JavaScript has."""
    for name in ("request", "constructor", "__proto__"):
        given = json.dumps({"name": name, "key": KEY, "value": ""})
        assert "differs" == (await verifier.verify(WHOLE.given, given)).verdict


async def test_hostile_texts_are_shown_as_text(verifier: Verifier) -> None:
    """Markup and template syntax in an entry, a log's name and a key stand there as they are written."""
    found = await verifier.verify(receipt(3, 1, hostile(HOSTILE)).given)
    assert "holds" == found.verdict
    assert HOSTILE in await verifier.text("[data-part=entry]")
    evil = signer(2, "<img/src=x/onerror=document.title='fooled'>")
    assert "holds" == (await verifier.verify(receipt(3, 1, signer=evil).given)).verdict
    assert evil.verifier.name in await verifier.text("[data-step=file]")
    await verifier.verify(replace(WHOLE.given, vkey=evil.verifier.vkey))
    assert evil.verifier.name in await verifier.text("[data-part=why]")
    assert "fooled" not in await verifier.tab.value("document.title")
    assert 0 == await verifier.tab.value("document.querySelectorAll('img, [onerror]').length")
    assert 2 == await verifier.tab.value("document.scripts.length")


async def test_pasted_text_is_verified_by_the_keyboard(verifier: Verifier) -> None:
    """Tab, text, and the button: no mouse, and the verdict is announced."""
    await verifier.tab.value("document.querySelector('.drop details').open = true")
    await verifier.tab.value("document.querySelector('[name=pasted]').focus()")
    await verifier.tab.send("Input.insertText", text=WHOLE.text)
    for _ in range(8):
        await _press(verifier.tab, "Tab", 9)
        if await verifier.tab.value("document.activeElement.matches('button')"):
            break
    await _press(verifier.tab, "Enter", 13)
    await _settled(verifier.tab)
    assert "The receipt holds" in await verifier.tab.value(
        "document.querySelector('[role=status]').textContent"
    )


async def test_dropped_file_is_verified(verifier: Verifier) -> None:
    """Wherever on the page it falls."""
    await verifier.tab.value(f"""
      const dropped = new DataTransfer();
      dropped.items.add(new File([{json.dumps(WHOLE.text)}], "one.tlog-proof"));
      const event = new DragEvent("drop", {{ dataTransfer: dropped, bubbles: true, cancelable: true }});
      document.querySelector("h1").dispatchEvent(event);
    """)
    await _settled(verifier.tab)
    assert "The receipt holds" in await verifier.text("[data-part=verdict]")
    assert "one.tlog-proof" == await verifier.tab.value("document.querySelector('[type=file]').files[0].name")


async def test_verdict_goes_when_what_it_was_about_changes(verifier: Verifier) -> None:
    """No verdict stands beside another key or receipt than it was given on."""
    await verifier.verify(WHOLE.given)
    await verifier.tab.value("document.querySelector('#vkey').focus()")
    await verifier.tab.send("Input.insertText", text="x")
    assert not await verifier.tab.value("document.querySelector('[data-result]').checkVisibility()")
    assert "" == await verifier.tab.value("document.querySelector('[role=status]').textContent")


async def test_nothing_given_is_nothing_verified(verifier: Verifier) -> None:
    """Without a receipt the page asks for one, and has no verdict."""
    await verifier.tab.value("document.querySelector('button').click()")
    assert words.NOTHING.da in await verifier.tab.value("document.querySelector('#chosen').validationMessage")
    assert await verifier.tab.value("document.querySelector('[data-result]').hidden")
    assert "holds" == (await verifier.verify(WHOLE.given)).verdict


@pytest.mark.parametrize(("language", "other"), [("da", "en"), ("en", "da")])
async def test_language_is_chosen_before_and_after(verifier: Verifier, language: str, other: str) -> None:
    """What the script writes follows the reader's choice as the rest of the page does."""
    visible = "[...document.querySelectorAll('main [lang={}]')].filter((e) => e.checkVisibility()).length"
    await verifier.tab.value(f"document.querySelector('label[for=lang-{language}]').click()")
    for given in (WHOLE.given, ALTERED.given, replace(WHOLE.given, vkey="")):
        await verifier.verify(given, openings(WHOLE, case=b""))
        assert 0 == await verifier.tab.value(visible.format(other))
        assert 20 < await verifier.tab.value(visible.format(language))


@pytest.mark.parametrize("width", [320, 1280])
async def test_page_can_be_read_on_every_screen(verifier: Verifier, page: Path, width: int) -> None:
    """No sideways scroll, contrast for every text, one h1, a name for every field: before and after."""
    await verifier.tab.open(page, width=width)
    for given in (None, WHOLE.given, ALTERED.given, replace(WHOLE.given, vkey="")):
        if given:
            await verifier.verify(given, openings(WHOLE, case=b""))
        await verifier.tab.value("for (const e of document.querySelectorAll('details')) e.open = true")
        for language in ("da", "en", "both"):
            await verifier.tab.value(f"document.getElementById('lang-{language}').click()")
            assert await verifier.tab.value("document.documentElement.scrollWidth <= innerWidth"), language
        assert [] == await verifier.tab.value(PALE)
        assert 0 == await verifier.tab.value(UNNAMED)
        assert 1 == await verifier.tab.value("document.querySelectorAll('h1').length")
    unnamed = "(e) => !e.labels.length && !e.ariaLabel"
    fields = "[...document.querySelectorAll('main :is(input, textarea)')]"
    assert 0 == await verifier.tab.value(f"{fields}.filter({unnamed}).length")


@pytest_asyncio.fixture(loop_scope="module")
async def unscripted(browser: Tab, page: Path) -> AsyncIterator[Tab]:
    """The page in a browser without scripts."""
    await browser.open(page, scripts=False)
    yield browser
    await browser.send("Emulation.setScriptExecutionDisabled", value=False)


async def test_without_scripts_the_page_says_that_it_verifies_nothing(unscripted: Tab) -> None:
    """The form is not shown, and a note says why."""
    root = (await unscripted.send("DOM.getDocument", depth=1))["root"]["nodeId"]
    for selector, count in (("form:not([hidden])", 0), ("noscript .note", 1)):
        found = await unscripted.send("DOM.querySelectorAll", nodeId=root, selector=selector)
        assert count == len(found["nodeIds"])


async def test_page_allows_itself_nothing(content: str) -> None:
    """Its own style and script by their digests; no handler, no link, no address to load from."""
    assert "default-src 'none'; style-src 'sha256-" in content.replace("&#39;", "'")
    assert "unsafe" not in content
    assert [] == re.findall(r"""\s(?:on\w+|style|src|srcset|action)=["']""", content)
    assert [] == re.findall(
        r"\b(?:fetch|XMLHttpRequest|WebSocket|sendBeacon|localStorage|innerHTML|eval)\b", content
    )
    assert {"#main", "data:,"} == set(re.findall(r'href="([^"]*)"', content))


async def test_policy_of_the_page_stops_a_script_that_would_send(verifier: Verifier) -> None:
    """Even a script that ran here could load nothing and tell nobody."""
    sent = "fetch('https://example.org/').then(() => 'sent', () => 'stopped')"
    assert "stopped" == await verifier.tab.value(sent)
    assert any("Content Security Policy" in told for told in verifier.tab.complaints)
    verifier.tab.complaints.clear()
    verifier.tab.loaded[:] = [url for url in verifier.tab.loaded if "example.org" not in url]


async def _press(tab: Tab, key: str, code: int) -> None:
    text = "\r" if key == "Enter" else ""
    for kind in ("keyDown", "keyUp"):
        await tab.send(
            "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, text=text
        )


async def _settled(tab: Tab) -> None:
    await tab.value("""
      (async () => {
        const result = document.querySelector("[data-result]");
        while (!result.dataset.verdict) await new Promise((resume) => setTimeout(resume));
      })()
    """)
