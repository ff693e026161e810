"""Who asks, and how often they may: addresses behind known proxies, and an even pace for each."""

from __future__ import annotations

import math
import re
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

BURST = 120  # questions at once: a page, its pictures, and a reader who browses
PER_SECOND = 4.0
MOST_KNOWN = 10_000  # addresses remembered; the one longest unseen goes
SHARED_BITS = 64  # of an IPv6 address: one household has all the rest


def proxies(text: str) -> tuple[object, ...]:
    """The networks named in the setting, apart by commas or blanks."""
    return tuple(ip_network(part, strict=False) for part in text.replace(",", " ").split())


def asker(peer: str | None, forwarded: list[str], trusted: tuple[object, ...]) -> str:
    """The address that asks: the peer's, or where that is a known proxy the last one it forwarded for that is none.

    Whatever stands left of that was written by a stranger, and is not read.
    """
    address = _address(peer or "")
    hops = [hop.strip() for line in forwarded for hop in line.split(",")]
    while hops and address is not None and _is_in(address, trusted):
        claimed = _address(hops.pop())
        if claimed is None:
            break
        address = claimed
    return _shared(address) if address is not None else "unknown"


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """`192.0.2.7`, `2001:db8::7`, and with the port that some proxies add: `192.0.2.7:5000`, `[2001:db8::7]:5000`."""
    bare = re.fullmatch(r"\[([^\[\]]+)\](?::\d+)?|([\d.]+):\d+", text)
    try:
        found = ip_address((bare[1] or bare[2]) if bare else text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def _is_in(address: IPv4Address | IPv6Address, networks: tuple[object, ...]) -> bool:
    return any(address in network for network in networks)  # type: ignore[operator]


def _shared(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, SHARED_BITS), strict=False))
    return str(address)


class Pace:
    """Lets each address ask `burst` times at once, then `rate` times a second (GCRA: one number an address)."""

    def __init__(self, clock: Callable[[], float], rate: float = PER_SECOND, burst: int = BURST) -> None:
        self._clock = clock
        self._step = 1 / rate
        self._slack = burst * self._step
        self._due: OrderedDict[str, float] = OrderedDict()

    def wait(self, address: str) -> int:
        """0 where the question may be answered now, else after how many whole seconds to ask again."""
        now = self._clock()
        due = max(self._due.get(address, 0.0), now) + self._step
        early = due - now - self._slack
        if early > 1e-9:
            return math.ceil(early)
        self._due[address] = due
        self._due.move_to_end(address)
        while len(self._due) > MOST_KNOWN:
            self._due.popitem(last=False)
        return 0
