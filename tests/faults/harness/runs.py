"""One run: a log, faults that fall into its driver in turn, and what is left held to what was told."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import orjson

from tests.faults.harness import aftermath, power, servers, told
from tests.faults.harness.driver import ENDS, OPENER, Order, play, to_files
from tests.faults.harness.fault import TOLD, Fault
from tests.faults.harness.forked import forked
from tests.faults.harness.scenes import SCENES, write_config
from tests.faults.harness.stores import BESIDE, PostgresStore, Store, sqlite_site
from tests.faults.harness.strace import FILE_CALLS, SOCKET_CALLS, Tracer, hold
from tests.support.logs import LogSite

PATIENCE = 60.0  # seconds that a driver or a check may take
_SERVER_PATIENCE = 4.0  # seconds that a step is tried for while a server comes back
_TURN = 10_000  # requests that one driver may make
ASIDE = ".new"  # where exports and backups write first
KILLED, RAISED, CUT, NOT_RUN = "killed", "raised", "cut off", "not run"
ANY = "any"


@dataclass(frozen=True, slots=True)
class Result:
    """How a run ended.

    Attributes:
        store: the kind of database.
        scene: what was played.
        faults: their names, joined.
        labels: what was broken, without when.
        kinds: how.
        outcome: how the driver ended that the first fault fell into.
        reached: whether the faults fell in at all.
        problems: what did not hold afterwards.
        seconds: what it took.
    """

    store: str
    scene: str
    faults: str
    labels: str
    kinds: str
    outcome: str
    reached: bool
    problems: tuple[str, ...]
    seconds: float


class Stand:
    """Where runs are made, one after another."""

    def __init__(self, store: Store, folder: Path, wrong: str = "") -> None:
        """Takes the databases, a folder for the runs' folders, and a sabotage where there is one."""
        self._store = store
        self._wrong = wrong
        self._folder = folder
        self._beside: dict[str, list[Path]] = {}  # what a scene writes beside the log
        self._made = 0
        self._recordings: dict[str, tuple[Path, list[power.Op]]] = {}

    def run(self, scene: str, faults: Sequence[Fault]) -> Result:
        """Makes a run. Its folder is removed where nothing was found."""
        begun = time.monotonic()
        folder = self._next()
        cuts = faults[0].place == power.PLACE
        site = self._cut(scene, faults[0], folder) if cuts else self._fresh(scene, folder)
        write_config(site, folder)
        outcomes, reached = [], True
        found: tuple[str, ...] = ()
        try:
            for turn, fault in enumerate(faults):
                if fault.place == power.PLACE:
                    outcomes.append(CUT)
                    continue
                order = Order(
                    site, scene if turn == 0 else "recover", folder, 1 + turn * _TURN, wrong=self._wrong
                )
                outcome, fell = self._play(order, fault)
                outcomes.append(outcome)
                reached = reached and fell
            if RAISED in outcomes:
                found = (f"the driver raised: {_last_line(folder)}",)
            found += self._check(site, folder)
        except TimeoutError as error:
            found += (str(error),)
        finally:
            self._store.drop(site)
        if not found:
            shutil.rmtree(folder)
        else:
            (folder / "problems").write_text("\n".join(found) + "\n")
        return Result(
            self._store.name,
            scene,
            ",".join(map(str, faults)),
            " then ".join(f.label for f in faults),
            " then ".join(f.told for f in faults),
            " then ".join(outcomes),
            reached,
            found,
            round(time.monotonic() - begun, 3),
        )

    def failed(self, scene: str, faults: Sequence[Fault], why: str) -> Result:
        """The result of a run that could not be made."""
        return Result(
            self._store.name,
            scene,
            ",".join(map(str, faults)),
            " then ".join(f.label for f in faults),
            " then ".join(f.told for f in faults),
            NOT_RUN,
            reached=False,
            problems=(f"it could not be run: {why}",),
            seconds=0,
        )

    def counts(self, scene: str) -> dict[str, dict[str, int]]:
        """Plays a scene with nothing broken; gives how often each thread makes each call."""
        folder = self._next()
        site = self._fresh(scene, folder)
        write_config(site, folder)
        order = Order(site, scene, folder, 1)
        tracers: dict[str, Tracer] = {}
        before = len(order.told.read_bytes().splitlines()) if order.told.exists() else 0
        with forked(lambda reached: _drive(order, reached)) as child:
            while waiting := child.waits(PATIENCE):
                if waiting[0] == OPENER or not SCENES[scene].threads:
                    tracers[waiting[0]] = self._counting(waiting, order)
                child.go_on()
            status = child.ended(PATIENCE)
        if status:
            raise RuntimeError(f"with nothing broken the driver ends with {status}: {_last_line(folder)}")
        for tracer in tracers.values():
            tracer.let_go()
        counted = {place: dict(tracer.counts()) for place, tracer in tracers.items()}
        lines = len(order.told.read_bytes().splitlines()) - before
        counted[OPENER][TOLD] = lines
        found = self._check(site, folder)
        if found:
            raise RuntimeError(f"with nothing broken there are problems: {found}")
        self._store.drop(site)
        shutil.rmtree(folder)
        return {ANY: counted[OPENER]} if SCENES[scene].threads else counted

    def record(self, scene: str) -> int:
        """Plays a scene and keeps all that it writes, for power cuts; gives how many calls that are."""
        folder = self._next()
        site = self._fresh(scene, folder)
        before = self._folder / f"before-{scene}"
        shutil.copytree(folder, before)
        order = Order(site, scene, folder, 1, wrong=self._wrong)
        paths = [*self._store.files(folder), order.told]
        options = ("-f", "-y", "-xx", "-s", "1000000")
        tracer: Tracer | None = None
        with forked(lambda reached: _drive(order, reached)) as child:
            while waiting := child.waits(PATIENCE):
                if waiting[0] == OPENER:
                    tracer = hold(waiting[1], self._folder / "recorded", power.CALLS, paths, options=options)
                child.go_on()
            child.ended(PATIENCE)
        if tracer is None:
            raise RuntimeError(f"the driver did not begin: {_last_line(folder)}")
        tracer.let_go()
        self._recordings[scene] = (before, power.recorded(tracer.output, folder))
        shutil.rmtree(folder)
        return len(self._recordings[scene][1])

    def _cut(self, scene: str, fault: Fault, folder: Path) -> LogSite:
        """Makes what a power cut leaves, in a folder."""
        if scene not in self._recordings:
            self.record(scene)
        before, ops = self._recordings[scene]
        kind, _, seed = fault.kind.partition(":")
        power.cut(ops, fault.number, kind, int(seed or 0), before, folder, TOLD)
        return sqlite_site(folder)

    def _counting(self, waiting: tuple[str, int], order: Order) -> Tracer:
        place, thread = waiting
        options = ("-f",) if SCENES[order.scene].threads else ()
        calls, paths = self._looked_at(order)
        return hold(thread, order.folder / f"counted-{place}", calls, paths, options=options)

    def _looked_at(self, order: Order) -> tuple[Sequence[str], Sequence[Path]]:
        if isinstance(self._store, PostgresStore) and not SCENES[order.scene].files:
            return tuple(SOCKET_CALLS), ()
        if order.scene not in self._beside:
            self._beside[order.scene] = self._written_beside(order.scene)
        beside = [order.folder / path for path in self._beside[order.scene]]
        return tuple(FILE_CALLS), [*self._store.files(order.folder), *beside]

    def _written_beside(self, scene: str) -> list[Path]:
        """Plays a scene with nothing broken, and looks what it has written beside the log."""
        names = SCENES[scene].files
        if not names:
            return []
        folder = self._next()
        site = self._fresh(scene, folder)
        write_config(site, folder)
        with forked(lambda _: _drive(Order(site, scene, folder, 1), _at_once)) as child:
            child.ended(PATIENCE)
        made = [path for name in names for path in (folder / name, *(folder / name).rglob("*"))]
        found = [path.relative_to(folder) for path in made]
        found += [
            path.with_name(f"{path.name}{end}") for path in found if path.suffix == ".db" for end in BESIDE
        ]
        found += [path.with_name(f"{path.name}{ASIDE}") for path in found]
        found += [Path(names[0], ASIDE, *number) for number in ((), *((str(n),) for n in range(16)))]
        self._store.drop(site)
        shutil.rmtree(folder)
        return found

    def server_faults(self, scene: str) -> list[list[Fault]]:
        """What could happen to a server during a scene."""
        store = self._server()
        folder = self._next()
        order = Order(self._fresh(scene, folder), scene, folder, 1)
        counted = servers.count(store.server, order, self._unbroken)
        store.drop(order.site)
        shutil.rmtree(folder)
        return list(servers.faults(counted, disk=store.disk is not None))

    def _server(self) -> PostgresStore:
        if not isinstance(self._store, PostgresStore):
            raise ValueError("there is no server: add --store postgresql")  # noqa: TRY004  # of an argument
        return self._store

    def _unbroken(self, order: Order) -> None:
        with forked(lambda _: _drive(order, _at_once)) as child:
            if status := child.ended(PATIENCE):
                raise RuntimeError(f"with nothing broken the driver ends with {status}")

    def _play(self, order: Order, fault: Fault) -> tuple[str, bool]:
        """Lets a driver play a scene and one fault fall into it; tells how it ended, and whether it fell."""
        if fault.place not in servers.PLACES:
            return self._traced(order, fault)
        store = self._server()
        order = replace(order, patience=_SERVER_PATIENCE)
        with servers.breaking(store.server, store.disk, order, fault) as struck:
            with forked(lambda _: _drive(struck.order, _at_once)) as child:
                status = child.ended(PATIENCE)
            return ENDS.get(status, RAISED), struck.fell()

    def _traced(self, order: Order, fault: Fault) -> tuple[str, bool]:
        tracer: Tracer | None = None
        with forked(lambda reached: _drive(order, reached)) as child:
            while waiting := child.waits(PATIENCE):
                if waiting[0] == fault.place or (fault.place == ANY and waiting[0] == OPENER):
                    tracer = self._broken(waiting[1], order, fault)
                child.go_on()
            status = child.ended(PATIENCE)
        fell = status < 0
        if tracer:
            tracer.let_go()
            fell = fell or tracer.injected()
        return KILLED if status < 0 else ENDS.get(status, RAISED), fell

    def _broken(self, thread: int, order: Order, fault: Fault) -> Tracer:
        options = ("-f",) if fault.place == ANY else ()
        output = order.folder / f"strace-{order.first}"
        if fault.call == TOLD:
            return hold(thread, output, ("write",), [order.told], fault, options)
        _, paths = self._looked_at(order)
        return hold(thread, output, (fault.call,), paths, fault, options)

    def _check(self, site: LogSite, folder: Path) -> tuple[str, ...]:
        """Recovers the log and checks it in a process of its own, which may hang or die."""
        output = folder / "found"

        def check(_: object) -> int:
            to_files(folder)
            by_server = isinstance(self._store, PostgresStore)
            found = aftermath.problems(site, folder, told.read(folder / "told"), by_server=by_server)
            output.write_bytes(orjson.dumps(found))
            return 0

        with forked(check) as child:
            status = child.ended(PATIENCE)
        if status:
            return (f"the check ended with {status}: {_last_line(folder)}",)
        return tuple(orjson.loads(output.read_bytes()))

    def _fresh(self, scene: str, folder: Path) -> LogSite:
        return self._store.fresh(folder, empty=SCENES[scene].fresh)

    def _next(self) -> Path:
        self._made += 1
        folder = self._folder / str(self._made)
        folder.mkdir(parents=True)
        return folder


def _drive(order: Order, reached: Callable[[str, int], None]) -> int:
    to_files(order.folder)
    return play(order, reached)


def _at_once(_name: str, _thread: int) -> None:
    """Holds nobody up."""


def _last_line(folder: Path) -> str:
    said = folder / "errors"
    lines = said.read_text(errors="replace").strip().splitlines() if said.exists() else []
    return lines[-1] if lines else "it said nothing"
