"""A SOAP service over generated rows, for a register whose entry says how it is read."""
