"""The broker: from a signed request to minimised data and a receipt."""
