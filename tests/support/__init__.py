"""What tests stand on: brokers, questions, a PostgreSQL server, an OPA server."""
