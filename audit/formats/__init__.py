"""What outsiders read, as pure functions over bytes: entries, tree, notes, checkpoints, tiles, receipts."""
