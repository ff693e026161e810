"""The sentences of the commands about a chat and its members, in one place, ready for another language."""

from __future__ import annotations

from collections.abc import Mapping

# /start
START = (
    "Every Monday I cry what indices of crypto tokens hold, why, and how they fared beside just holding.",
    "I never ask for keys, passwords or money, and whoever does in my name is a thief: all trading here is simulated.",
    "Choose what this chat is told, and change it whenever you like with /settings.",
)
CHOICES: Mapping[str, str] = {  # payload of /start -> label of its button
    "week": "One message a week",
    "danger": "Week and danger alerts",
    "everything": "Everything",
    "new": "Explain it like I'm new",
}
CHOSEN: Mapping[str, str] = {
    "week": "From now on: one message a week.",
    "danger": "From now on: one message a week, and an alert when danger rises.",
    "everything": "From now on: the weekly message, danger alerts, and changes of the tokens that you /watch.",
    "new": "From now on: the week and danger alerts, with the words explained.",
}
UNKNOWN_START = "That link leads nowhere here, so let us begin at the beginning."

# /subscribe and /unsubscribe
SUBSCRIBED = "Subscribed: {indices}. {comes} This is how it stands today."
COMES = "The next weekly message comes by itself."
COMES_NOT = "The weekly message is switched off here: switch it on under Settings."
MUTED = "Nothing is sent here {until}: unmute it under Settings."
ALREADY = "This chat follows {indices} already. This is how it stands today."
UNSUBSCRIBED = "No longer told here: {indices}. {left}"
NOTHING_LEFT = "Nothing is sent here any more. The other settings stay; /forget deletes them."
STILL = "Still followed: {indices}."
FOLLOWS_NONE = "This chat follows no index."
NOT_FOLLOWED = "This chat does not follow {indices}: it follows {followed}."
WHICH_TO_FOLLOW = "Which index shall this chat be told of? Several make one message."
WHICH_TO_LEAVE = "Which index shall this chat be told of no longer?"

# who may choose
ADMINS_CHOOSE = "What this chat is told is chosen by its admins. Write to me in private to choose for yourself."
IN_CHATS_NAME = (
    "You speak in the chat's own name, so one of its admins confirms this once, within ten minutes: {command}"
)
NOT_THEIR_ADMIN = "I could not see that you are an admin of that chat, so nothing was changed."

# /settings: names, as they are written and as they are said
SETTINGS: Mapping[str, str] = {
    "indices": "Indices",
    "kinds": "What is sent",
    "weekly": "Weekly message",
    "danger": "Danger alerts",
    "watched": "Watched tokens",
    "mode": "Risk mode",
    "quiet": "Quiet hours",
    "urgent": "Danger in quiet hours",
    "zone": "Time zone",
    "strength": "Least strength",
    "sound": "Sound",
    "length": "Length",
    "plain": "Plain words",
    "pulse": "Pulse",
    "topic": "Topic",
    "role": "Role",
    "mute": "Mute",
    "unmute": "Unmute",
    "fewer": "Fewer messages",
}
ABOUT_SETTING: Mapping[str, str] = {
    "indices": "The indices that this chat is told of; several make one message. An index is a basket of tokens.",
    "kinds": "The kinds of messages that come by themselves.",
    "weekly": "The message of every Monday.",
    "danger": "An alert when risk rises, a token collapses or a stablecoin leaves its peg.",
    "watched": "A line when what is said of a watched token changes: see /watch.",
    "mode": "The risk mode in which indices are shown here.",
    "quiet": (
        "In these hours nothing is sent; it comes afterwards. Write them like 22:00-07:00, with a time zone if need be."
    ),
    "urgent": "Whether danger alerts come in quiet hours too.",
    "zone": "The time zone of all hours here. Write it like Europe/Berlin or UTC+2.",
    "strength": "How strong a call on a watched token must be to be told, in hundredths: 25 means +0.25 or -0.25.",
    "sound": "Whether messages that come by themselves make a sound.",
    "length": "Short: the level and the week. Full: holdings and reasons too.",
    "plain": "Whether the words of each answer are explained below it.",
    "pulse": "Whether messages are counted by day, with the tokens they speak of, for this chat alone; no text stays.",
    "topic": "The topic of a group in which messages are posted: here, or none.",
    "role": "A role that Discord pings with messages: its number, or none.",
    "mute": "Nothing is sent for some days, danger alerts included.",
    "unmute": "Ends a mute: messages come again from then on.",
    "fewer": "One step fewer: first watched tokens and danger alerts go, then the weekly message is short.",
}
ABOUT_PANEL = "By words too: /settings quiet 22:00-07:00 Europe/Berlin."
MUTE_BUTTON = "Mute 7 days"
WHOSE: Mapping[str, str] = {"me": "What is stored of you", "chat": "What is stored of this chat"}

# /watch
WATCHES = "A changed call on these tokens is told here."
WATCHES_FROM = "A changed call on these tokens is told here from a strength of {minimum} hundredths on."
NO_WATCHES = "No token is watched here. Add one like this: /watch aave."
NOW_WATCHED = "{symbol} is watched from now on."
NO_LONGER_WATCHED = "{symbol} is watched no longer."
TOO_MANY_WATCHES = "A chat watches at most {most} tokens: take one off first."
NOT_WATCHABLE = "{symbol} is a {kind} token: no call is ever made on it, so there is nothing to watch."
WATCHED_IS_OFF = "These messages are switched off here: /settings watched on."

# /link and /unlink
LINK_BEGUN = "Write this in the chat on the other platform, as an admin of it, within ten minutes: /link {code}"
LINK_SHARES = "Both chats then share one panel of settings and one mode: those of this chat."
LINK_WAITS = "Nobody has written the code in the other chat yet: /link {code} there."
LINK_NEXT = "Then press here: who wrote it is shown, and only then you confirm."
LINK_ANSWERED = "Now an admin of {there} presses the button under the code and confirms. Until then nothing changes."
LINK_PREVIEW = "{other} shall have the settings, the indices and the mode of this chat; what it chose itself is lost."
LINKED_NOW = (
    "{other} and this chat have one panel and one mode now: a change in either counts for both. /unlink ends it."
)
LINKED_WITH = "This chat is linked with {others}: a change in either counts for both. /unlink ends it."
LINKED_ALREADY = "This chat is linked already: /unlink first."
LINK_TAKEN = "Another chat wrote that code first: ask for a new one with /link in the chat that gave it."
NO_SUCH_LINK = "There is no such code, or its ten minutes are over: /link in the other chat gives a new one."
SAME_PLATFORM = "That code was given on {platform} too: a link joins a chat on Telegram with one on Discord."
NOT_LINKED = "This chat is linked with none."
UNLINKED = "No longer linked with {others}. Both keep their settings as they are."

# /about
ABOUT = (
    "Crier reads what is known of each token every week, in six families of data points, and decides its indices by "
    "written rules.",
    "It tells every decision with its reason and its cost, beside just holding, and keeps a record that nobody can "
    "quietly rewrite: /verify.",
    "All trading is simulated, and none of it is advice. It asks for no key, no password and no money.",
    "Whoever runs this bot runs it on their own machine; its admins act in public: /audit.",
)

# /privacy: what each table that speaks of chats and people holds
PRIVACY: Mapping[str, str] = {
    "chats": "Of this chat, once it chose something: {columns}.",
    "subscriptions": "The indices that a chat follows.",
    "watches": "The tokens that a chat watches.",
    "chat_pulse": (
        "Of a chat whose pulse is on: how many messages a day, and how many of them spoke of which token, for 90 days."
    ),
    "outbox": "Which messages were sent to a chat or wait for it, and what came of them, for 90 days.",
    "identities": ("Of you: the pseudonym you were given, if you ordered something as an admin or added me to a chat."),
    "audit": "Of an admin's order or announcement: when, in which chat, and by whom.",
    "confirmations": (
        "What you asked for and have to confirm, with your number and the chat's; it goes with the first code that is "
        "asked for a day later."
    ),
    "links": "With which chat on another platform a chat is linked.",
    "link_codes": "Both chats of a link that waits to be confirmed, with their names, for ten minutes.",
    "bot_admins": "That you became an admin of this bot by a code, and when.",
}
PRIVACY_COLUMNS: Mapping[str, str] = {  # of the table chats
    "id": "a running number",
    "platform": "the platform",
    "chat": "the platform's number for it",
    "thread": "the topic",
    "place": "whether it is private, a group or a channel",
    "title": "the name of a group or channel",
    "mode": "the risk mode",
    "weekly": "the kinds of messages",
    "danger": "the kinds of messages",
    "watched": "the kinds of messages",
    "minimum": "the least strength",
    "time_zone": "the time zone",
    "language": "the language",
    "quiet_from": "quiet hours",
    "quiet_until": "quiet hours",
    "danger_breaks_quiet": "quiet hours",
    "silent": "sound",
    "short": "length",
    "plain": "plain words",
    "pulse": "pulse",
    "role": "the role to ping",
    "muted_until": "the end of a mute",
    "silenced": "why and since when nothing is sent any more",
    "silenced_at": "why and since when nothing is sent any more",
    "added_by": "the pseudonym of who added me",
    "added_at": "when that was",
}
NOT_STORED = (
    "Not stored: your messages, your name, what you ask, your number where you only read. No log holds your words, and "
    "nothing is given to anybody."
)
HOW_TO_FORGET = (
    "/forget deletes it. Orders and announcements stay in the journal under a pseudonym that leads to nobody."
)

# /forget
FORGET_WHAT: Mapping[str, str] = {
    "chat": "What this chat chose: indices, watched tokens, all settings, its pulse. Nothing is sent here any more.",
    "me": (
        "Who stands behind your pseudonym, your waiting codes, and your rights as an admin of this bot if you claimed "
        "them. Orders stay in the journal and lead to nobody."
    ),
}
FORGET_IN_PRIVATE = "What is stored of you is deleted where only you read: write /forget to me in private."
FORGOTTEN: Mapping[str, str] = {
    "chat": "All that this chat chose is deleted.",
    "me": "All that was stored of you is deleted.",
}
NOBODY_BY_NAME = "You speak in a chat's own name, so nobody knows who you are: write to me in private."
NOTHING_STORED = "Nothing is stored of {whom}, so there is nothing to delete."

# /claim
CLAIM_IN_PRIVATE = "A code is for your eyes alone: write it to me in private, and never in a chat."
CLAIMED = "You are an admin of this bot now. /help more lists what you may order; every order is public."

# /announce
ANNOUNCE_PREVIEW = "To {where}, in the words below. It stays in the journal for ever, under a pseudonym."
ANNOUNCED_BY = "Announced by {by}, an admin of this bot."

# manners
SLOW_DOWN = "That was a lot at once. Give me a moment, then ask again."
TOO_MANY_CHATS = (
    "You have added me to {most} chats, which is as many as one person may. Nothing will be sent to {title}: first "
    "have another one forgotten, with /forget chat in it."
)
ADMITTED = "I was added to {title}. Nothing is posted there until one of its admins chooses what. You may do that here:"
