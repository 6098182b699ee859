"""A register of Datafordeler's: GraphQL from its published schema, or from one like it."""
