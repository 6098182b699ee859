"""The audit log: an append-only Merkle tree of entries that anybody can verify.

`audit` knows nothing of the exchange: it takes public parts, sealed parts and intentions, and gives
back proofs. Formats are C2SP's (tlog-tiles, tlog-checkpoint, signed-note, tlog-proof) over the tree of
RFC 9162.
"""
