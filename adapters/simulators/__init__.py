"""Simulators: a register's own interface, served from generated registers, with faults to order.

A kind of adapter that has one stands in `SIMULATORS`; `hjemmel register simulate` runs it.
"""

from __future__ import annotations

from collections.abc import Mapping

SIMULATORS: Mapping[str, str] = {
    "datafordeler": "adapters.simulators.datafordeler.site:simulator",
}
