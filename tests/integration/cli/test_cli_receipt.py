"""`hjemmel receipt`: anyone with the log's public key can verify a receipt, and any change to it shows."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.registers import Registers
from tests.integration.cli.conftest import Run
from tests.support.broker import RunningBroker
from tests.support.questions import granted


@pytest.fixture(scope="module")
def receipt(called: RunningBroker, generated: Registers) -> str:
    """A receipt with a path, as text."""
    with called.client() as client:
        for _ in range(3):
            proof = client.exchange(granted(generated)).receipt.proof
    return proof


@pytest.fixture
def file(receipt: str, tmp_path: Path) -> Path:
    """The same, as a file."""
    path = tmp_path / "one.tlog-proof"
    path.write_text(receipt, "utf-8")
    return path


@pytest.fixture
def vkey(called: RunningBroker) -> Path:
    """The log's public key."""
    return called.site.keys / "log.vkey"


def test_receipt_that_holds(run: Run, file: Path, vkey: Path) -> None:
    """What was recorded, and that it stands in the log."""
    ran = run("receipt", "verify", file, "--vkey", vkey)
    assert (0, "") == (ran.status, ran.err)
    assert "The receipt holds:" in ran.said
    assert "housing-benefit.income" in ran.said
    assert "granted" in ran.said


def test_receipt_that_holds_is_json_for_programs(run: Run, file: Path, vkey: Path) -> None:
    """The entry with all its fields, its place, and the size of the log."""
    document = json.loads(run("receipt", "verify", file, "--vkey", vkey, "--json").out)
    assert document["holds"] is True
    assert document["size"] > document["index"]
    assert ("bsl.8", "granted") == (document["entry"]["legal_basis"], document["entry"]["outcome"])


def test_receipt_is_shown_without_being_believed(run: Run, file: Path) -> None:
    """`show` needs no key, and says that it verified nothing."""
    ran = run("receipt", "show", file)
    assert 0 == ran.status
    assert "not verified" in ran.said
    document = json.loads(run("receipt", "show", file, "--json").out)
    assert "bsl.8" == document["entry"]["legal_basis"]
    assert document["checkpoint"].startswith("hjemmel.example/log\n")


@pytest.mark.parametrize("bit", [0, 1, 5, 7])
def test_flipped_bit_anywhere_shows(run: Run, receipt: str, file: Path, vkey: Path, bit: int) -> None:
    """One bit of any byte: exit status 1 and a message, on every fifth byte of the file."""
    content = receipt.encode()
    for place in range(bit % 5, len(content), 5):
        file.write_bytes(content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :])
        ran = run("receipt", "verify", file, "--vkey", vkey)
        assert (1, "") == (ran.status, ran.out), place
        assert ran.err.startswith("error: "), place


@pytest.mark.parametrize("cut", [0, 1, 10, 100, -1, -2, -100])
def test_cut_receipt_shows(run: Run, receipt: str, file: Path, vkey: Path, cut: int) -> None:
    """A receipt that ends too soon is none."""
    file.write_text(receipt[:cut], "utf-8")
    for command in (("verify", file, "--vkey", vkey), ("show", file)):
        ran = run("receipt", *command)
        assert (1, True) == (ran.status, "one.tlog-proof" in ran.said)


def test_receipt_that_does_not_hold_is_json_for_programs(
    run: Run, receipt: str, file: Path, vkey: Path
) -> None:
    """`holds` is false, and the problem is said."""
    lines = receipt.split("\n")
    lines[1] = (
        f"extra {base64.b64encode(base64.b64decode(lines[1][6:]).replace(b'bsl.8', b'bsl.9')).decode()}"
    )
    file.write_text("\n".join(lines), "utf-8")
    ran = run("receipt", "verify", file, "--vkey", vkey, "--json")
    assert (1, "") == (ran.status, ran.out)
    document = json.loads(ran.err)
    assert document["holds"] is False
    assert "does not hold" in document["error"]


def _with_extra(entry: bytes) -> Callable[[str], str]:
    def change(receipt: str) -> str:
        lines = receipt.split("\n")
        lines[1] = f"extra {base64.b64encode(entry).decode()}"
        return "\n".join(lines)

    return change


@pytest.mark.parametrize(
    "change",
    [
        _with_extra(b"no json"),
        _with_extra(b"[]"),
        _with_extra(b"{}"),
        _with_extra(b'"text"'),
        _with_extra(b"\xff"),
        _with_extra(b""),
        lambda receipt: "\n".join(receipt.split("\n")[:1] + receipt.split("\n")[2:]),
        lambda receipt: receipt.replace("index ", "index 0"),
        lambda _: "c2sp.org/tlog-proof@v1\n",
        lambda _: "",
        lambda _: "\x00\x01\x02",
    ],
    ids=[
        "text",
        "list",
        "object",
        "string",
        "binary",
        "empty",
        "no-extra",
        "index",
        "head",
        "nothing",
        "control",
    ],
)
def test_what_is_no_receipt_is_said(
    run: Run, receipt: str, file: Path, vkey: Path, change: Callable[[str], str]
) -> None:
    """Neither `show` nor `verify` falls over whatever a file holds."""
    file.write_text(change(receipt), "utf-8")
    for command in (("verify", file, "--vkey", vkey), ("show", file), ("show", file, "--json")):
        ran = run("receipt", *command)
        assert (1, "") == (ran.status, ran.out)
        assert ran.err.startswith(("error: ", '{"error": '))


def test_file_that_is_no_text_is_said(run: Run, file: Path, vkey: Path) -> None:
    """Bytes that are no UTF-8 are no receipt."""
    file.write_bytes(b"\xff\xfe\x00")
    ran = run("receipt", "verify", file, "--vkey", vkey)
    assert (1, True) == (ran.status, "is no receipt" in ran.said)


@pytest.mark.parametrize("content", [b"", b"no key", b"\xff\xfe", b"x+00000000+AAAA"])
def test_key_that_is_none_is_said(run: Run, file: Path, tmp_path: Path, content: bytes) -> None:
    """A file that holds no public key of a log is an error, not a receipt that does not hold."""
    (tmp_path / "log.vkey").write_bytes(content)
    ran = run("receipt", "verify", file, "--vkey", tmp_path / "log.vkey")
    assert (1, "") == (ran.status, ran.out)
    assert ran.err.startswith("error: ")


def test_receipt_of_another_log_does_not_hold(run: Run, file: Path, tmp_path: Path) -> None:
    """The key decides: a receipt of one log is none of another's."""
    assert 0 == run("pki", "init", tmp_path / "other").status
    ran = run("receipt", "verify", file, "--vkey", tmp_path / "other" / "log.vkey")
    assert 1 == ran.status
    assert "does not hold" in ran.said


def test_receipt_with_other_line_ends_shows(run: Run, receipt: str, file: Path, vkey: Path) -> None:
    """A file that a program has rewritten with CRLF is no receipt: nothing is mended in reading."""
    file.write_bytes(receipt.replace("\n", "\r\n").encode())
    assert 1 == run("receipt", "verify", file, "--vkey", vkey).status


@pytest.mark.parametrize("with_key", [True, False])
def test_page_for_browsers_is_written(run: Run, tmp_path: Path, vkey: Path, with_key: bool) -> None:  # noqa: FBT001
    """One file, in which the log's key is filled in where it is given."""
    page = tmp_path / "verify.html"
    ran = run("receipt", "page", "-o", page, *(("--vkey", vkey) if with_key else ()))
    assert (0, f"wrote {page}") == (ran.status, ran.said)
    key = vkey.read_text("utf-8").strip() if with_key else ""
    assert f'name="vkey" value="{key}"' in html.unescape(page.read_text("utf-8"))


def test_page_is_not_written_with_a_key_that_is_none(run: Run, tmp_path: Path, file: Path) -> None:
    """A wrong file in the key's place is an error, before anything is written."""
    page = tmp_path / "verify.html"
    ran = run("receipt", "page", "-o", page, "--vkey", file)
    assert 1 == ran.status
    assert "holds no public key of a log" in ran.said
    assert not page.exists()
