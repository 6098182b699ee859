"""`hjemmel demo`: the main job, shown."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from audit.formats import proof_file
from audit.verification.verify import Report
from exchange.cli.log import render as render_report
from exchange.cli.output import console, json_option, progress, result
from exchange.cli.package_view import answer_lines, summary_lines
from exchange.client import Answer
from exchange.demo import play, story
from exchange.demo.forgetting import Forgotten, forget
from exchange.demo.play import Assembled, Played, Players
from exchange.demo.site import DemoSite, prepare, serving
from exchange.demo.witnessed import cosigned_receipt, policy_of, witnessing


@click.command()
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=Path(".hjemmel/demo"),
    show_default=True,
    help="Where keys, registers and the log are made, and kept for the next run.",
)
@click.option("--persons", default=10_000, show_default=True, help="Size of the registers.")
@json_option
def demo(folder: Path, persons: int, as_json: bool) -> None:
    """Play four cases, and ten requests that no law carries; forget one; prove it all.

    Makes keys and registers about invented people, and starts a broker. On a terminal the broker
    stays up afterwards, for you to call.
    """
    with progress("Making registers", quiet=as_json) as advance:
        site = prepare(folder, persons, advance)
    with witnessing(site), serving(site) as target:
        if not as_json:
            _introduce(site, target)
        played = _play(site, target, as_json=as_json)
        forgotten = forget(site, next(p for p in played if p.scene.is_forgotten))
        if not as_json:
            _tell_forgotten(site, forgotten)
        with progress("Verifying the log", quiet=as_json) as advance:
            report = play.verify(site, advance)
        granted = [p for p in played if isinstance(p.ended, Answer)]
        last = granted[-1]
        request_id = (last.ended.receipt and last.ended.receipt.entry.request_id) or ""
        cosigned = cosigned_receipt(site, target, last.scene.actor, request_id)
        receipt = play.save_receipt(site, last, cosigned)
        proof_file.parse(receipt.read_text("utf-8")).verify(_leaf(receipt), play.log_key(site))
        altered, where = play.tampered(site, last.index or 0)
        document = _document(played, forgotten, report, receipt, altered, play.write_page(site))
        result(as_json, document, lambda: _conclude(site, report, receipt, altered, where["byte"]))
        if forgotten.opens or not report.holds or altered.holds:
            raise click.exceptions.Exit(1)
        if not as_json and sys.stdin.isatty() and sys.stdout.isatty():
            _stay(site, target, granted[0])


def _play(site: DemoSite, target: str, *, as_json: bool) -> list[Played]:
    players = Players(target, site)
    played: list[Played] = []
    try:
        for told in story.stories(site):
            if told.applying is None:
                ended = players.play(told)
                if not as_json:
                    _tell(told.title, ended)
            else:
                assembled = players.assemble(told.applying)
                ended = assembled.played
                if not as_json:
                    _tell_package(told, assembled)
            played += ended
    finally:
        players.close()
    return played


def _introduce(site: DemoSite, target: str) -> None:
    rows = sum(len(t.rows) for t in site.registers.tables.values())
    real = " and real rows of BBR and DAR" if site.has_real_rows else ""
    console.print(
        Panel(
            f"A broker answers at {target}, with mutual TLS. Behind it: registers with {rows:,} rows "
            f"about invented people{real}.\nEverything is in {site.folder}.",
            title="Hjemmel",
            border_style="blue",
        )
    )


def _tell(title: str, played: list[Played]) -> None:
    table = Table(title=title, title_justify="left", title_style="bold", expand=True, show_lines=True)
    table.add_column("Asked", ratio=3)
    table.add_column("Under which law", ratio=4)
    table.add_column("Outcome", ratio=5)
    table.add_column("Entry", justify="right", width=6)
    for one in played:
        table.add_row(_asked(one), _law(one), _outcome(one), str(one.index))
    console.print()
    console.print(table)


def _tell_package(told: story.Story, assembled: Assembled) -> None:
    if told.applying and told.applying.is_brief:
        console.print(f"\n[bold]{told.title}[/]")
        for came in assembled.answered:
            for line in answer_lines(assembled.package, came):
                console.print(line)
    else:
        _tell(told.title, assembled.played)
    for line in summary_lines(assembled.package, assembled.summary):
        console.print(line)


def _asked(one: Played) -> str:
    question = one.scene.question
    return f"[bold]{one.scene.title}[/]\n[dim]{one.scene.actor}: {question.dataset}[/]"


def _law(one: Played) -> str:
    question, ended = one.scene.question, one.ended
    if isinstance(ended, Answer):
        label = "" if ended.law.verified else " [yellow](unverified)[/]"
        return f"{ended.law.citation}{label}\n[dim]{question.legal_basis}, {question.agreement}[/]"
    return f"[dim]cites {question.legal_basis}, {question.agreement}[/]"


def _outcome(one: Played) -> str:
    ended = one.ended
    if isinstance(ended, Answer):
        withheld = {w.attribute for w in ended.withheld}
        released = ", ".join(ended.receipt.entry.attributes_released)
        lines = [f"[green]✔ {one.scene.summary(ended.records)}[/]"]
        if released:
            lines.append(f"[dim]released: {released}[/]")
        if withheld:
            lines.append(f"[yellow]withheld: {', '.join(sorted(withheld))}[/]")
            lines.append(f"[dim]{escape(ended.withheld[0].reason.text_en)}[/]")
        return "\n".join(lines)
    codes = ", ".join(dict.fromkeys(r.code for r in ended.reasons))
    texts = "\n".join(dict.fromkeys(r.text_en for r in ended.reasons)) or str(ended)
    return f"[red]✗ {codes}[/]\n[dim]{escape(texts)}[/]"


def _tell_forgotten(site: DemoSite, forgotten: Forgotten) -> None:
    console.print()
    console.rule("[bold]A record is forgotten, and every proof holds", align="left")
    console.print(f"Entry {forgotten.index} asked about a child, and no law carried it. It was erased, as by")
    erase = ("log", "erase", "--record", str(forgotten.index), "--ground", forgotten.ground)
    _command(*erase, "--config", str(site.config))
    records = f"{forgotten.records} record{'' if forgotten.records == 1 else 's'}"
    says = f"{records}, ground {forgotten.ground}; not of whom"
    console.print(f"[green]✔[/] Entry {forgotten.entry} says so, signed: {says}.")
    console.print(_openings(forgotten))
    console.print("[green]✔[/] The receipt from before holds as it did, offline:")
    _command("receipt", "verify", str(forgotten.receipt), "--vkey", str(site.keys / "log.vkey"))
    console.print("What that entry covers, and that it is gone:")
    _command("log", "erasure-proof", str(forgotten.entry), "--config", str(site.config))


def _openings(forgotten: Forgotten) -> str:
    if forgotten.opens:
        return f"[bold red]✗ entry {forgotten.index} still opens[/]"
    names = ", ".join(forgotten.sealed).replace("_", " ")
    return f"[green]✔[/] Nothing opens any more what was sealed with it: {names}."


def _command(*words: str) -> None:
    """Prints a command of ours that can be copied, whatever the width."""
    console.print(f"  {shlex.join([_program(), *words])}", markup=False, soft_wrap=True)


def _conclude(site: DemoSite, report: Report, receipt: Path, altered: Report, byte: int) -> None:
    console.print()
    console.rule("[bold]What anyone can prove afterwards", align="left")
    render_report(report)
    proof = proof_file.parse(receipt.read_text("utf-8"))
    console.print(
        f"\n[bold green]A receipt holds, offline:[/] entry {proof.index}, {len(proof.hashes)} hashes, the"
        " log's signature, and the cosignature of a witness, without which the log could show others another"
        " history."
    )
    _command("receipt", "verify", str(receipt), "--policy", str(policy_of(site)))
    console.print(f"Or drop it on {site.folder / 'verify.html'} in a browser: no server, no network.")
    finding = altered.findings[0]
    console.print(
        f"\nIn a copy of the log, one bit of byte {byte} of entry {proof.index} was flipped. The verifier:"
    )
    console.print(f"  [bold red]✗ {finding.place}: {finding.problem}[/]")


def _stay(site: DemoSite, target: str, granted: Played) -> None:
    question = granted.scene.question
    command = [
        *(_program(), "request", "--target", target, "--as", str(site.keys / granted.scene.actor)),
        *("--dataset", question.dataset, "--attributes", ",".join(question.attributes)),
        *("--key", question.subject.kind, "--subject", question.subject.value),
        *("--role", question.subject_role, "--purpose", question.purpose),
        *("--legal-basis", question.legal_basis, "--agreement", question.agreement),
        *("--case", "SAG-1", "--caseworker", "me"),
    ]
    console.print()
    console.rule("[bold]The broker stays up: call it", align="left")
    console.print(shlex.join(command), markup=False, soft_wrap=True)
    console.print("Change an attribute, the purpose or the law, and see what it says. Ctrl-C ends.")
    signal.sigwait({signal.SIGINT, signal.SIGTERM})


def _program() -> str:
    """How to call us: by name where the shell finds it, else by path."""
    return "hjemmel" if shutil.which("hjemmel") else os.path.relpath(sys.argv[0])


def _leaf(receipt: Path) -> bytes:
    return proof_file.parse(receipt.read_text("utf-8")).extra or b""


def _document(
    played: list[Played], forgotten: Forgotten, report: Report, receipt: Path, altered: Report, page: Path
) -> dict[str, Any]:
    return {
        "exchanges": [
            {
                "title": p.scene.title,
                "by": p.scene.actor,
                "dataset": p.scene.question.dataset,
                "legal_basis": p.scene.question.legal_basis,
                "outcome": "granted" if isinstance(p.ended, Answer) else "refused",
                "reasons": [] if isinstance(p.ended, Answer) else [r.code for r in p.ended.reasons],
                "entry": p.index,
            }
            for p in played
        ],
        "erasure": {
            "record": forgotten.index,
            "ground": forgotten.ground,
            "entry": forgotten.entry,
            "was_sealed": list(forgotten.sealed),
            "opens": forgotten.opens,
            "receipt": str(forgotten.receipt),
        },
        "log": {
            "holds": report.holds,
            "erased": report.erased,
            "entries": report.entries,
            "by_outcome": report.by_outcome,
        },
        "receipt": str(receipt),
        "page": str(page),
        "tampered_copy": {
            "holds": altered.holds,
            "finding": f"{altered.findings[0].place}: {altered.findings[0].problem}"
            if altered.findings
            else None,
        },
    }
