"""What is stored of a chat and of a person is told truly, and deleted once they confirm."""

from __future__ import annotations

from bot import texts
from bot.command import Request
from bot.desk import Deed, Desk
from bot.reply import Button, Reply
from engine.errors import BadRequest

ME, CHAT, BOTH = "me", "chat", "me and chat"  # whose data goes


def whose(request: Request, asked: str) -> str:
    """Whose data is meant where nobody is named: in private both, else the chat's for its admins, or one's own."""
    if asked:
        return asked
    if request.is_personal:
        return BOTH
    return CHAT if request.may_choose else ME


def preview(request: Request, desk: Desk, asked: str) -> Reply:
    """Say what would be deleted, under a code; where nothing is stored, say that."""
    scope = whose(request, asked)
    if CHAT in scope and not request.may_choose:
        return Reply(text=(texts.ADMINS_CHOOSE,), ok=False, private=True)
    if ME in scope and (request.anonymous or not request.is_personal):
        # The code counts where it was asked for, and who is known here is nobody else's affair.
        return Reply(text=(texts.FORGET_IN_PRIVATE,), ok=False, private=True)
    stored = _stored(request, desk, scope)
    if not stored:
        whom = " and ".join(word for part, word in (("chat", "this chat"), ("me", "you")) if part in scope)
        return Reply(title="Forget", text=(texts.NOTHING_STORED.format(whom=whom),))
    code = desk.keep(request.person, Deed("forget", reason=" and ".join(stored)))
    return Reply(
        title="Forget this? Nothing is deleted yet",
        text=tuple(texts.FORGET_WHAT[part] for part in stored),
        note=(f"To delete it, within ten minutes: /confirm {code}",),
        buttons=(Button("Delete it", f"/confirm {code}"),),
    )


def forget(request: Request, desk: Desk, deed: Deed) -> Reply:
    """Delete it; a chat's data only for one who may still choose for it."""
    chat, person = CHAT in deed.reason, ME in deed.reason
    if chat and not request.may_choose:
        raise BadRequest(texts.ADMINS_CHOOSE)
    desk.forget(request.person, chat, person)
    said = tuple(texts.FORGOTTEN[part] for part, gone in ((CHAT, chat), (ME, person)) if gone)
    return Reply(title="Forgotten", text=said)


def _stored(request: Request, desk: Desk, scope: str) -> list[str]:
    """The parts of what is asked for of which anything is stored."""
    of_chat, of_person = desk.knows(request.person)
    return [part for part, known in ((CHAT, of_chat), (ME, of_person)) if part in scope and known]
