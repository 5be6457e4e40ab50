"""How much one client may ask for, hold and delay.  The daemon fills it from the `rpc` section of its configuration."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of the socket; every one is per connection but `max_connections`."""

    max_frame_bytes: int = 16 * 1024 * 1024
    max_header_bytes: int = 8 * 1024
    max_nesting: int = 128
    max_connections: int = 256
    max_in_flight: int = 64  # requests not answered yet; at the limit the connection is not read from
    max_batch: int = 1000
    max_queued_bytes: int = 4 * 1024 * 1024  # of answers waiting to be sent; at the limit no more are computed
    max_queued_notifications: int = 1000  # waiting to be sent; further ones are dropped
    write_timeout_s: float = 30.0  # a client that takes no byte for so long is dropped
    grace_s: float = 2.0  # for requests in flight when the server stops
    farewell_s: float = 2.0  # then, for the answers to be sent
