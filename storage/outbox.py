"""The queue of messages in one place: written with the decision it tells of, claimed under a lease, acknowledged alone.

Nothing here asks a clock.
"""

from __future__ import annotations

from storage.chats import ChatStore
from storage.claims import Claims
from storage.connection import Connection
from storage.messages import DAMAGED, TOO_OLD, Claimed, DeadLetter, Key, Letter, News, Push, Queue, unwanted
from storage.queueing import Queueing
from storage.queues import Queues

__all__ = [
    "DAMAGED", "TOO_OLD", "Claimed", "DeadLetter", "Key", "Letter", "News", "Outbox", "Push", "Queue", "unwanted",
]  # fmt: skip


class Outbox(Queueing, Claims, Queues):
    """Messages by platform; every method is one transaction, or joins the one around it."""

    def __init__(self, connection: Connection, chats: ChatStore) -> None:
        self._db = connection
        self._chats = chats
