"""What nothing can be held to: no checkpoint commits to it, and nothing else tells what it was.

Damage there is counted and explained, and is not expected to be found. Each line is an argument that a
stranger should be able to judge.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.support.damage.rows import TABLES, Changes, Rows

ROW = "a row"  # one that came or went
CAME = "a row that came"

_COUNTED = "what the owner counts for itself"
_QUEUE = "work that waits; what was done of it the entries tell"
_UNDER_WAY = "an exchange under way: there is no entry of it yet, and the client has no answer"
_STATE = "how witnesses were last asked; they are asked again"
_LABEL = "a name that the operator gave"
_NOTE = "the operator's remark"
_FIND = "finds a subject's key for its next record; what is sealed already is found without it"
_KNOWN = "guards restored copies; the erasure entries commit to the same names"
_WITNESSED = "the witness's own line: whoever demands it has the witness's key, and misses it"
_OLDER = "an earlier cosigned checkpoint of this log is one; the log extends it"
_EXCHANGES = "decided nothing, or replaying what it decided says that it is not archived"
_UNTAKEN = "the entries tell what was put in force; each says which policies decided"
_STAMPS = "without it less is proved about time; whoever has the evidence still has it"
_UNREAD = "a key under a name that nothing is sealed under opens nothing"

UNHELD: Mapping[tuple[str, str], str] = {
    ("log_head", "epoch"): _COUNTED,
    ("log_head", "id"): _COUNTED,
    ("log_reviews", "index"): _QUEUE,
    ("log_reviews", ROW): _QUEUE,
    **{("erasure_requests", c.name): _QUEUE for c in TABLES["erasure_requests"].columns},
    ("erasure_requests", ROW): _QUEUE,
    **{("policy_differences", c.name): _COUNTED for c in TABLES["policy_differences"].columns},
    ("policy_differences", ROW): _COUNTED,
    **{("log_witnesses", c): _STATE for c in ("witness", "url", "size", "time", "asked", "problem")},
    ("log_witnesses", "signed_checkpoint"): _WITNESSED,
    ("log_witnesses", ROW): _STATE,
    ("log_cosigned", "id"): _COUNTED,
    ("log_cosigned", "signed_checkpoint"): _WITNESSED,
    ("log_cosigned", ROW): _STATE,
    ("log_intentions", ROW): _UNDER_WAY,
    ("log_timestamps", "tsa"): _LABEL,
    ("log_timestamps", ROW): _STAMPS,
    ("log_erasures", "request"): _QUEUE,
    ("policy_events", "note"): _NOTE,
    ("policy_events", "entry"): _UNTAKEN,
    ("policy_events", ROW): _UNTAKEN,
    ("policy_revisions", ROW): _EXCHANGES,
    ("vault_names", "pseudonym"): _FIND,
    ("vault_names", "key_id"): _FIND,
    ("vault_names", ROW): _FIND,
    ("vault_master", "id"): _COUNTED,
    ("vault_master", "wrapped"): _FIND,
    ("vault_master", ROW): _FIND,
    ("vault_erased", "name"): _KNOWN,
    ("vault_erased", ROW): _KNOWN,
    ("vault_keys", CAME): _UNREAD,
    ("vault_pages", CAME): _UNREAD,
}


def why(changes: Changes, rows: Rows) -> str:
    """Says why a change cannot be found; nothing where some part of it must be."""
    reasons = []
    for (table, key), new in changes.items():
        old = rows[table].get(key)
        if old is None or new is None:
            came = UNHELD.get((table, CAME), "") if old is None else ""
            reasons.append(came or UNHELD.get((table, ROW), ""))
            continue
        changed = {name for name in new if new[name] != old[name]}
        if table == "log_cosigned" and changed == {"size", "signed_checkpoint"}:
            reasons.append(_OLDER)
            continue
        reasons += [UNHELD.get((table, name), "") for name in changed]
    return reasons[0] if reasons and all(reasons) else ""
