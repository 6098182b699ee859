"""What a look-up costs by kind of adapter, one by one and in bulk, against the raw call in the same run.

A kind is a module here that has `opened`, and a name in `KINDS`.
"""
