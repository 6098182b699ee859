"""The tables of the log, of the keys, and of the index that searches read. Alembic makes them."""

from __future__ import annotations

import sqlalchemy as sa

LOG = sa.MetaData()
KEYS = sa.MetaData()
SEARCH = sa.MetaData()

# One row. Its owner's epoch and size are what a commit compares and swaps.
head = sa.Table(
    "log_head",
    LOG,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("root", sa.LargeBinary, nullable=False),
    sa.Column("signed_checkpoint", sa.Text, nullable=False),
)

entries = sa.Table(
    "log_entries",
    LOG,
    sa.Column("index", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("leaf", sa.LargeBinary, nullable=False),
    sa.Column("leaf_hash", sa.LargeBinary, nullable=False),
    # Only the one entry that a request id stands for; a replay's entry has none here.
    sa.Column("request_id", sa.Text, unique=True),
)

# Complete tiles of 256 hashes (c2sp.org/tlog-tiles). Derived from the entries, kept for speed.
tiles = sa.Table(
    "log_tiles",
    LOG,
    sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("index", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("hashes", sa.LargeBinary, nullable=False),
)

sealed = sa.Table(
    "vault_sealed",
    LOG,
    sa.Column("index", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("key_id", sa.Text, nullable=False, index=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
    # Where the record's own secret lies; what was sealed before there were any has none.
    sa.Column("page", sa.BigInteger),
    sa.Column("slot", sa.Integer),
)

# Registers about to be read. What stands here after a crash becomes an `interrupted` entry.
intentions = sa.Table(
    "log_intentions",
    LOG,
    sa.Column("request_id", sa.Text, primary_key=True),
    sa.Column("leaf", sa.LargeBinary, nullable=False),
    sa.Column("key_id", sa.Text, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),  # empty where it was erased meanwhile
    sa.Column("page", sa.BigInteger),
    sa.Column("slot", sa.Integer),
)

# Every policy set that ever decided, so that every decision can be recomputed.
policy_revisions = sa.Table(
    "policy_revisions",
    LOG,
    sa.Column("revision", sa.Text, primary_key=True),
    sa.Column("bundle", sa.LargeBinary, nullable=False),
)

# What was done with policy sets, oldest first; `audit.storage.policies` reads from it which one is in force.
policy_events = sa.Table(
    "policy_events",
    LOG,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("time", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("revision", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    # Where the log says so: the broker writes it once it has taken the event up.
    sa.Column("entry", sa.BigInteger),
)

# How a candidate would have decided otherwise than the set in force: counts, by who asked for what.
policy_differences = sa.Table(
    "policy_differences",
    LOG,
    sa.Column("candidate", sa.Text, primary_key=True),
    sa.Column("revision", sa.Text, primary_key=True),
    sa.Column("consumer", sa.Text, primary_key=True),
    sa.Column("purpose", sa.Text, primary_key=True),
    sa.Column("legal_basis", sa.Text, primary_key=True),
    sa.Column("dataset", sa.Text, primary_key=True),
    sa.Column("change", sa.Text, primary_key=True),
    sa.Column("count", sa.BigInteger, nullable=False),
)

# Entries that a second person has to look at and nobody has yet.
reviews = sa.Table(
    "log_reviews",
    LOG,
    sa.Column("index", sa.BigInteger, primary_key=True, autoincrement=False),
)

# What is to be erased, oldest first. The owner of the log carries it out; see `audit.erasure.erasures`.
erasure_requests = sa.Table(
    "erasure_requests",
    LOG,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("time", sa.Text, nullable=False),
    sa.Column("scope", sa.Text, nullable=False),
    sa.Column("target", sa.Text, nullable=False),  # a key's random name, or ranges of indexes
    sa.Column("ground", sa.Text, nullable=False),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("done", sa.Text),  # when nothing of it was left anywhere
)

# What each erasure entry covers: what opens the commitment that it holds, and the keys that went.
erasures = sa.Table(
    "log_erasures",
    LOG,
    sa.Column("entry", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("request", sa.Integer),
    sa.Column("opening", sa.LargeBinary, nullable=False),
    sa.Column("indexes", sa.Text, nullable=False),
    sa.Column("keys", sa.Text, nullable=False),
)

# The index of each period as it stands: which entries it is over, and where the log says so.
periods = sa.Table(
    "log_periods",
    LOG,
    sa.Column("first", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("end", sa.BigInteger, nullable=False),  # the index after the last one
    sa.Column("since", sa.Text, nullable=False),  # when the period before was closed; empty for the first
    sa.Column("until", sa.Text, nullable=False),
    sa.Column("entry", sa.BigInteger, nullable=False),
    sa.Column("key_id", sa.Text),  # absent where its keys went, and it is to be closed anew
    sa.Column("account", sa.Text, nullable=False),
)

# What is needed to prove something from an index, a 256th part in each row; see `audit.completeness.rows`.
period_buckets = sa.Table(
    "log_period_buckets",
    LOG,
    sa.Column("key_id", sa.Text, primary_key=True),
    sa.Column("bucket", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    sa.Column("leaves", sa.LargeBinary, nullable=False),
)

# What the owner of the log is asked to do about periods, oldest first; see `audit.completeness.asked`.
period_requests = sa.Table(
    "log_period_requests",
    LOG,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("time", sa.Text, nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("details", sa.Text, nullable=False),
    sa.Column("entry", sa.BigInteger),  # the one that says that it was done
)

# Which key the sealed fields of 4096 entries are searched under; goes with the first erasure of any of them.
search_keys = sa.Table(
    "log_search_keys",
    LOG,
    sa.Column("segment", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("key_id", sa.Text, nullable=False),
)

# One row: the newest checkpoint that enough witnesses cosigned.
cosigned = sa.Table(
    "log_cosigned",
    LOG,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("signed_checkpoint", sa.Text, nullable=False),
)

# How each witness stands to the log; see `audit.witness.cosigned`.
witnesses = sa.Table(
    "log_witnesses",
    LOG,
    sa.Column("witness", sa.Text, primary_key=True),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("time", sa.BigInteger),
    sa.Column("signed_checkpoint", sa.Text),
    sa.Column("asked", sa.BigInteger, nullable=False),
    sa.Column("problem", sa.Text),
)

# What timestamp authorities said of checkpoints (RFC 3161): that they existed at a time.
timestamps = sa.Table(
    "log_timestamps",
    LOG,
    sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("tsa", sa.Text, primary_key=True),
    sa.Column("time", sa.Text, nullable=False),
    sa.Column("checkpoint", sa.Text, nullable=False),
    sa.Column("token", sa.LargeBinary, nullable=False),
)

subject_keys = sa.Table(
    "vault_keys",
    KEYS,
    sa.Column("key_id", sa.Text, primary_key=True),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
)

# Which key a subject's next record is sealed with: a pseudonym to a random name. Goes with the key.
key_names = sa.Table(
    "vault_names",
    KEYS,
    sa.Column("pseudonym", sa.Text, primary_key=True),
    sa.Column("key_id", sa.Text, nullable=False, index=True),
)

# The secrets that records have of their own, a few hundred a page.
pages = sa.Table(
    "vault_pages",
    KEYS,
    sa.Column("page", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
)

# The two keys of each period's index, together. They go with the first erasure of anything that it lists.
period_keys = sa.Table(
    "vault_periods",
    KEYS,
    sa.Column("key_id", sa.Text, primary_key=True),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
)

# The keys of the search index, one for 4096 entries, and those of queries that wait to be recorded.
search_secrets = sa.Table(
    "vault_search",
    KEYS,
    sa.Column("key_id", sa.Text, primary_key=True),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
)

# One row: the key of the pseudonyms, wrapped. Whoever holds another master key cannot read it.
master_check = sa.Table(
    "vault_master",
    KEYS,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
)

# Names of keys and secrets that were erased: one that comes back from an old copy is known by them.
erased_keys = sa.Table("vault_erased", KEYS, sa.Column("name", sa.Text, primary_key=True))

# One row: how far the search index goes, and the hash of the last entry in it. What an index was made anew
# from is of another generation.
search_state = sa.Table(
    "search_state",
    SEARCH,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("leaf_hash", sa.LargeBinary, nullable=False),
    sa.Column("generation", sa.Text, nullable=False),
)

# Numbers for the names that stand in entries: callers choose them, so they may be long, and any text.
search_names = sa.Table(
    "search_names",
    SEARCH,
    sa.Column("digest", sa.LargeBinary, primary_key=True),
    sa.Column("id", sa.Integer, nullable=False, unique=True),
    sa.Column("name", sa.LargeBinary, nullable=False),
)

# 4096 entries each: how many there are, when they were, and what of their sealed fields can be searched.
search_segments = sa.Table(
    "search_segments",
    SEARCH,
    sa.Column("segment", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("earliest", sa.BigInteger),  # microseconds; absent where no entry states a time
    sa.Column("latest", sa.BigInteger),
    sa.Column("stated", sa.Integer, nullable=False),  # how many entries state a time
    sa.Column("times", sa.LargeBinary, nullable=False),
    sa.Column("key_id", sa.Text),
    sa.Column("sealed", sa.Integer, nullable=False),  # how many entries' sealed fields were looked into
    sa.Column("unread", sa.LargeBinary, nullable=False),  # which of them did not open
)

# Which entries of a segment have a value in a field, a bit each.
search_postings = sa.Table(
    "search_postings",
    SEARCH,
    sa.Column("field", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("value", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("segment", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("bits", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

# Pseudonyms of sealed fields, a 256th of a segment's in each row; see `audit.queries.tokens`.
search_tokens = sa.Table(
    "search_tokens",
    SEARCH,
    sa.Column("segment", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("bucket", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("tokens", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
