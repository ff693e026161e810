"""Buttons under a message: commands that are sent as they stand, addresses of the bot's own, in rows for a thumb."""

from __future__ import annotations

from collections.abc import Sequence

from telegram import CopyTextButton, InlineKeyboardButton, InlineKeyboardMarkup

from bot.phrases import clean, clipped
from bot.platforms.telegram.links import Links
from bot.reply import Button

MOST_DATA = 64  # bytes of what a button sends
MOST_COPIED = 256
MOST_BUTTONS = 40
ROW_LETTERS, ROW_BUTTONS = 30, 4  # labels are not cut on a common phone
LONGEST_LABEL = 40


def keyboard(buttons: Sequence[Button], links: Links, is_channel: bool = False) -> InlineKeyboardMarkup | None:
    """The buttons in rows; None where there are none.

    In a channel a press would be answered before everybody, so there buttons lead to the private chat.
    """
    made = [made for button in buttons[:MOST_BUTTONS] if (made := _button(button, links, is_channel))]
    return InlineKeyboardMarkup(_rows(made)) if made else None


def _button(button: Button, links: Links, is_channel: bool) -> InlineKeyboardButton | None:
    label = clipped(clean(button.label).strip(), LONGEST_LABEL) or "…"
    url = links.own(button.url) if button.url else links.asking(button.command) if is_channel else None
    if url:
        return InlineKeyboardButton(label, url=url)
    if button.url or is_channel:
        return None
    if len(button.command.encode()) <= MOST_DATA:
        return InlineKeyboardButton(label, callback_data=button.command)
    if len(button.command) <= MOST_COPIED:
        return InlineKeyboardButton(label, copy_text=CopyTextButton(button.command))
    return None


def _rows(buttons: Sequence[InlineKeyboardButton]) -> list[list[InlineKeyboardButton]]:
    rows: list[list[InlineKeyboardButton]] = []
    for button in buttons:
        row = rows[-1] if rows else []
        letters = sum(len(other.text) + 2 for other in row) + len(button.text)
        if row and len(row) < ROW_BUTTONS and letters <= ROW_LETTERS:
            row.append(button)
        else:
            rows.append([button])
    return rows
