"""Datafordeler's GraphQL services: one endpoint a register, one root field an entity, bitemporal."""
