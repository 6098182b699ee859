"""Promise 4: erasure removes the openings and keys, adds an erasure entry, and breaks no proof.

Invariant 6 tries it with our own verifier. Here everything that was handed out before is held, after each
kind of erasure, by verifiers that nobody here wrote.
"""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from audit.erasure.erasing import Wanted
from audit.erasure.retention import RetentionClass
from audit.formats.entry import ERASED, Event
from audit.formats.proof_file import ProofFile
from audit.log import AuditLog
from audit.publishing.export import export
from audit.writing.operations import Appended
from tests.integration.audit.erased import ask, left, secrets_of
from tests.support.logs import GROUND, LogSite, fill, submission
from tests.support.outside import accepts, fsck, go_verifier

SUBJECT = b"somebody"
RULE = RetentionClass("all", ("*",), ("*",), 1, GROUND, "for the tests", False)  # noqa: FBT003


def wanted(site: LogSite, scope: str) -> list[Wanted]:
    """What is to be erased, and how that is asked for."""
    with site.erasing() as erasing:
        match scope:
            case "subject":
                return [erasing.subject(SUBJECT)]
            case "record":
                return [erasing.record(270)]
            case _:
                return erasing.retention(RULE, "2099-01-01")


async def written(log: AuditLog) -> list[Appended]:
    """270 entries about one subject, and three about another."""
    done = await fill(log, 270)
    for n in range(270, 273):
        done.append(await log.append(submission(n, subject=SUBJECT), closes_intention=False))
    return done


@pytest.mark.parametrize(("scope", "erased"), [("subject", 3), ("record", 1), ("retention", 273)])
async def test_promise_4_no_proof_breaks(log_site: LogSite, tmp_path: Path, scope: str, erased: int) -> None:
    """Receipts, checkpoints and published files from before hold afterwards, for Go and for Tessera."""
    vkey, go = log_site.verifier.vkey, go_verifier()
    with log_site.opened() as log:
        done = await written(log)
        before = log.reader.signed_checkpoint()
        with log_site.database() as engine:
            export(engine, log_site.verifier, tmp_path / "tiles")
        secrets = secrets_of(log_site, [270])
        for one in wanted(log_site, scope):
            with log_site.erasing() as erasing:
                number = ask(log_site, one)
                log_site.carried_out(erasing, number)
                [entry] = erasing.entries(number)
                assert erased == erasing.covered(number)
        told = log.reader.by_index(entry).content
        assert isinstance(told, Event)
        assert (ERASED, scope, GROUND, str(erased)) == (
            told.kind,
            *(told.details[name] for name in ("scope", "ground", "records")),
        )
        assert log.reader.opened(log.reader.by_index(270)) is None
        for index in (0, 255, 256, 270, 272):
            proof, leaf = done[index].proof, done[index].leaf.data
            old = ProofFile(proof.index, proof.hashes, proof.signed_checkpoint, leaf).text
            for number, text in enumerate((old, log.reader.proof(index, extra=leaf).text)):
                path = tmp_path / f"{index}-{number}.tlog-proof"
                path.write_text(text, "utf-8")
                assert accepts(go, "record", vkey, path)
        growth = log.reader.consistency(273, log.reader.checkpoint().size)
        (tmp_path / "old").write_text(before, "utf-8")
        (tmp_path / "new").write_text(log.reader.signed_checkpoint(), "utf-8")
        (tmp_path / "growth").write_bytes(b"\n".join(map(base64.b64encode, growth)))
        assert accepts(go, "consistency", vkey, *(tmp_path / name for name in ("old", "new", "growth")))
    with log_site.database() as engine:
        export(engine, log_site.verifier, tmp_path / "tiles")
    (tmp_path / "vkey").write_text(vkey)
    assert accepts(go, "tiles", vkey, tmp_path / "tiles", tmp_path / "old")
    assert "" == fsck(tmp_path / "tiles", tmp_path / "vkey")
    report = log_site.verify()
    assert ((), erased) == (report.findings, report.erased)
    if log_site.url.startswith("sqlite"):
        assert [] == left(tmp_path, (*secrets.opened, *secrets.kept))
