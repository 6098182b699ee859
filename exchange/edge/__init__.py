"""The edge: gRPC in, gRPC out. Wire types are translated here, once, and go no further."""
