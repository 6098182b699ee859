"""Changes in generated registers, as a register would record them: what was believed is kept, with an end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from adapters.kinds.values import sortable
from adapters.registers.store import schema

_TEXTS: Final = {"true": True, "false": False}


def change(
    folder: Path,
    dataset: str,
    key: Mapping[str, str],
    values: Mapping[str, str],
    effective: datetime | None = None,
    now: datetime | None = None,
) -> int:
    """Records that attributes of the records with a key have other values from a time on.

    Args:
        folder: of the registers.
        dataset: e.g. `cpr.person`.
        key: the attribute that finds the records, and its value.
        values: by attribute; an empty text is no value.
        effective: since when they hold; from now on by default.
        now: when it is recorded.

    Returns:
        How many records changed.

    Raises:
        ValueError: there is no such register, dataset or attribute, or a value is of another type.
    """
    register = dataset.partition(".")[0]
    file = folder / f"{register}.db"
    table = schema(register)[1].get(dataset)
    if table is None or not file.exists():
        raise ValueError(f"there is no dataset {dataset} in {folder}")
    wanted = {name: _typed(table, name, text) for name, text in {**values, **key}.items()}
    recorded = sortable(now or datetime.now(UTC))
    effect = sortable(effective) if effective else recorded
    engine = sa.create_engine(f"sqlite:///{file}", poolclass=sa.pool.NullPool)
    try:
        with engine.begin() as connection:
            return _recorded(connection, table, {n: wanted[n] for n in key}, wanted, (recorded, effect))
    finally:
        engine.dispose()


def _recorded(
    connection: sa.Connection,
    table: sa.Table,
    key: Mapping[str, Any],
    values: Mapping[str, Any],
    times: tuple[str, str],
) -> int:
    recorded, effect = times
    still = sa.or_(table.c.virkningTil.is_(None), table.c.virkningTil > effect)
    held = sa.and_(
        *(table.c[name] == value for name, value in key.items()),
        table.c.registreringTil.is_(None),
        table.c.virkningFra <= effect,
        still,
    )
    rows = [dict(row) for row in connection.execute(sa.select(table).where(held)).mappings()]
    connection.execute(sa.update(table).where(held).values(registreringTil=recorded))
    for row in rows:
        row["registreringFra"] = recorded
        if row["virkningFra"] < effect:
            connection.execute(sa.insert(table).values({**row, "virkningTil": effect}))
        connection.execute(sa.insert(table).values({**row, **values, "virkningFra": effect}))
    return len(rows)


def _typed(table: sa.Table, name: str, text: str) -> str | int | bool | None:
    if name not in table.c:
        raise ValueError(f"{table.name} has no attribute {name}")
    kind = table.c[name].type
    try:
        if text == "":
            return None
        if isinstance(kind, sa.Boolean):
            return _TEXTS[text]
        return int(text) if isinstance(kind, sa.Integer) else text
    except (KeyError, ValueError):
        raise ValueError(
            f"{name} must be {'true or false' if isinstance(kind, sa.Boolean) else 'a whole number'}"
        ) from None
