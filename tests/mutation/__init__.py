"""Mutation tests of the law: small changes of its meaning, each of which its own tests must notice."""
