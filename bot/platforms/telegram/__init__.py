"""Telegram: the only place that knows python-telegram-bot."""

from bot.platforms.telegram.platform import TelegramPlatform
from bot.platforms.telegram.updates import Webhook

__all__ = ["TelegramPlatform", "Webhook"]
