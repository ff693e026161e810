"""What the client knows of addresses: where they really lead, which may follow which, and how to show them."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from engine.errors import BadConfiguration

SECRET = frozenset({"api_key", "apikey", "key", "token", "access_token", "auth", "secret", "signature", "password"})
HIDDEN = "hidden"
_SECOND_LEVEL = frozenset({"ac", "co", "com", "edu", "gov", "net", "org"})  # as in example.co.uk


def origin(url: str) -> str:
    """Scheme, host and port of an address: https://api.kraken.com."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower()


def host(url: str) -> str:
    """Only the host of an address, without port."""
    return urlsplit(url).hostname or ""


def shown(url: str) -> str:
    """An address as it may be stored or printed: credentials and the values of keys hidden."""
    parts = urlsplit(url)
    query = [
        (name, HIDDEN if _is_secret(name) else value) for name, value in parse_qsl(parts.query, keep_blank_values=True)
    ]
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, urlencode(query), ""))


def _is_secret(name: str) -> bool:
    name = name.lower().replace("-", "_")
    return name in SECRET or name.endswith(("_key", "_token", "_secret"))


def rebased(url: str, bases: Mapping[str, str]) -> str:
    """The address where `bases` sends it: {origin: another base}, for a mirror or an emulator."""
    base = bases.get(origin(url))
    if base is None:
        return url
    parts = urlsplit(url)
    return base.rstrip("/") + parts.path + (f"?{parts.query}" if parts.query else "")


def checked_bases(bases: Mapping[str, str]) -> dict[str, str]:
    """Bases with tidy keys; BadConfiguration where one is no http address."""
    for address in (*bases, *bases.values()):
        if urlsplit(address).scheme not in ("http", "https") or not host(address):
            raise BadConfiguration(f"{shown(address)!r} is no base address: write it like https://api.example.com.")
    return {origin(source): target for source, target in bases.items()}


def site(name: str) -> str:
    """The registrable name of a host: example.com of api.example.com; an address of numbers is its own."""
    name = name.rstrip(".").lower()
    if _is_number(name) or "." not in name:
        return name
    labels = name.split(".")
    long = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    return ".".join(labels[-3 if long else -2 :])


def may_follow(came_from: str, leads_to: str, allowed: Collection[str]) -> bool:
    """Whether a redirect stays in the house: the same site or an allowed host, and never from https to http."""
    before, after = urlsplit(came_from), urlsplit(leads_to)
    if after.scheme not in ("http", "https") or (before.scheme == "https" and after.scheme != "https"):
        return False
    name = after.hostname or ""
    return bool(name) and (site(name) == site(before.hostname or "") or name in allowed)


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
