"""A chat chooses what it is told: with buttons or in words, by its admins, and nobody else."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from bot.choices import SETTINGS
from bot.phrases import listed
from bot.reply import ADD_TO_CHANNEL, ADD_TO_GROUP
from bot.texts import ABOUT_SETTING, CHOICES, SETTINGS as TITLES
from engine.themes import themes
from storage.chats import Chat

EVERY = tuple(themes())


def test_start_is_three_sentences_and_four_choices_and_stores_nothing(club: Any) -> None:
    reply = club.say("/start")
    assert len(reply.text) == 3
    assert "never ask for keys, passwords or money" in " ".join(reply.text)
    assert [b.command for b in reply.buttons if b.command] == [f"/start {name}" for name in CHOICES]
    assert [b.url for b in reply.buttons if b.url] == [ADD_TO_GROUP, ADD_TO_CHANNEL]
    assert not club.database.chats.all()


@pytest.mark.parametrize(
    ("choice", "weekly", "danger", "watched", "plain"),
    [
        ("week", True, False, False, False),
        ("danger", True, True, False, False),
        ("everything", True, True, True, False),
        ("new", True, True, False, True),
    ],
)
def test_each_choice_follows_every_index_with_its_kinds_of_messages(
    choice: str, weekly: bool, danger: bool, watched: bool, plain: bool, club: Any
) -> None:
    assert club.say(f"/start {choice}").ok
    chat = club.chat()
    assert (chat.weekly, chat.danger, chat.watched, chat.plain) == (weekly, danger, watched, plain)
    assert chat.indices == EVERY


def test_a_choice_keeps_the_indices_that_were_chosen_before(club: Any) -> None:
    club.say("/subscribe ai")
    club.say("/start everything")
    assert club.chat().indices == ("ai",)


def test_a_link_subscribes_shows_or_begins_at_the_beginning(club: Any) -> None:
    assert club.say("/start s_defi").ok and club.chat().indices == ("defi",)
    for link in ("aave", "t_aave"):
        assert "There are no signals yet" in club.say(f"/start {link}").lines()[0]
    assert "DeFi index has no decision" in club.say("/start i_defi").lines()[0]
    for link in ("nonsense_-9", "s_nothing", "'; DROP TABLE chats; --", "_*[<&`" * 40):
        reply = club.say(f"/start {link}")
        assert reply.ok and "leads nowhere" in reply.text[0]
        assert [b.command for b in reply.buttons if b.command.startswith("/start ")]


def test_a_subscription_is_stored_with_what_the_chat_is_called_and_where(club: Any) -> None:
    club.group("/subscribe defi", thread="9")
    assert club.chat("-100") == Chat(
        "telegram", "-100", thread="9", place="group", title="The Group", indices=("defi",)
    )


def test_messages_stay_in_the_topic_where_the_chat_first_subscribed(club: Any) -> None:
    for thread in ("9", "77", ""):
        club.group("/subscribe defi", thread=thread)
        assert club.chat("-100").thread == "9"


def test_a_persons_name_is_not_kept(club: Any) -> None:
    for text in ("/subscribe defi", "/settings sound silent", "/watch aave", "/start week"):
        club.say(text, title="Alice Liddell")
    assert club.chat().title == ""
    assert not [row for row in club.all_rows() if "Alice Liddell" in row]


def test_subscribing_twice_says_so_and_unsubscribing_says_what_is_left(club: Any) -> None:
    club.say("/subscribe defi")
    assert "follows DeFi already" in club.say("/subscribe defi").text[0]
    club.say("/subscribe all")
    assert club.chat().indices == EVERY
    left = [theme.title for theme in themes().values() if theme.id != "defi"]
    assert f"Still followed: {listed(left)}." in club.say("/unsubscribe defi").text[0]
    assert "does not follow DeFi" in club.say("/unsubscribe defi").lines()[0]
    assert "Nothing is sent here any more" in club.say("/unsubscribe all").text[0]
    assert club.chat().indices == ()
    assert club.say("/unsubscribe").text == ("This chat follows no index.",)


@pytest.mark.parametrize("text", ["/stop", "stop", "/STOP@CrierBot"])
def test_stop_leaves_every_index_as_people_expect_of_bots(text: str, club: Any) -> None:
    club.say("/start everything")
    assert "Nothing is sent here any more" in club.say(text).text[0]
    assert club.chat().indices == ()
    club.group("/subscribe defi")
    assert not club.member(text).ok and club.chat("-100").indices == ("defi",)


def test_only_in_private_one_is_offered_links_that_add_the_bot_elsewhere(club: Any) -> None:
    assert {b.url for b in club.say("/subscribe").buttons if b.url} == {ADD_TO_GROUP, ADD_TO_CHANNEL}
    assert not [b for b in club.group("/subscribe").buttons if b.url]


def test_a_chat_that_was_silenced_is_told_things_again_once_it_chooses(club: Any) -> None:
    club.say("/subscribe defi")
    for text in ("/subscribe ai", "/settings sound silent", "/watch aave", "/start week"):
        club.database.chats.silence("telegram", "42", "blocked", club.now)
        assert club.say(text).ok
        assert club.chat().silenced == ""


def test_the_settings_are_one_table_with_a_title_and_a_sentence_each() -> None:
    assert set(SETTINGS) == set(TITLES) == set(ABOUT_SETTING)


@pytest.mark.parametrize(
    ("words", "changed"),
    [
        ("quiet 22:00-07:00 Europe/Berlin", {"quiet_from": 1320, "quiet_until": 420, "time_zone": "Europe/Berlin"}),
        ("quiet 22-7", {"quiet_from": 1320, "quiet_until": 420}),
        ("quiet 9:30 to 10:15 utc+2", {"quiet_from": 570, "quiet_until": 615, "time_zone": "Etc/GMT-2"}),
        ("quiet 23:00-24:00", {"quiet_from": 1380, "quiet_until": 0}),
        ("zone new york", {"time_zone": "America/New_York"}),
        ("zone tokyo", {"time_zone": "Asia/Tokyo"}),
        ("weekly off", {"weekly": False}),
        ("DANGER Off", {"danger": False}),
        ("watched off", {"watched": False}),
        ("urgent on", {"danger_breaks_quiet": True}),
        ("strength 60", {"minimum": 60}),
        ("sound silent", {"silent": True}),
        ("length short", {"short": True}),
        ("plain on", {"plain": True}),
        ("pulse yes", {"pulse": True}),
        ("indices defi", {"indices": ("defi",)}),
        ("indices large caps", {"indices": ("large",)}),
        ("indices all", {"indices": EVERY}),
        ("role <@&123456789>", {"role": "123456789"}),
        ("mute", {"muted_until": dt.datetime(2023, 11, 21, 9, 30, tzinfo=dt.UTC)}),
        ("mute 2 days", {"muted_until": dt.datetime(2023, 11, 16, 9, 30, tzinfo=dt.UTC)}),
    ],
)
def test_a_setting_is_changed_in_words_and_shown_at_once(words: str, changed: dict[str, Any], club: Any) -> None:
    reply = club.say(f"/settings {words}")
    assert reply.ok and reply.panel
    assert club.chat() == replace(Chat("telegram", "42"), **changed)
    said = SETTINGS[words.split()[0].casefold()].said(club.chat(), club.desk)
    assert f"{TITLES[words.split()[0].casefold()]}: {said}." in reply.text


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("quiet late", "22:00-07:00 Europe/Berlin"),
        ("quiet 25-7", "no quiet hours"),
        ("quiet 22:60-7", "no quiet hours"),
        ("quiet 8-8", "no quiet hours"),
        ("quiet 22-7 Berlinn", "Did you mean Europe/Berlin, "),
        ("zone ../../etc/passwd", "There is no time zone"),
        ("zone UTC+15", "There is no time zone"),
        ("strength 101", "from 0 to 100"),
        ("strength ½", "from 0 to 100"),
        ("sound purple", "neither silent nor loud"),
        ("indices moon", f"there are {listed([*EVERY, 'all', 'none'])}"),
        ("mute 91", "from 1 to 90"),
        ("mute 0", "from 1 to 90"),
        ("topic here", "no topic"),
        ("role everyone", "no role"),
        ("mode reckless", "no risk mode"),
        ("colour blue", "/settings knows no “colour”"),
        ("wekly off", "Did you mean weekly"),
    ],
)
def test_a_value_that_makes_no_sense_changes_nothing_and_is_answered_in_a_sentence(
    words: str, complaint: str, club: Any
) -> None:
    reply = club.say(f"/settings {words}")
    assert not reply.ok and len(reply.lines()) == 1
    assert complaint in reply.lines()[0]
    assert not club.database.chats.all()


def pressed_through(club: Any, text: str, seen: set[str]) -> None:
    """Press every button of a panel, and every button of what it opens."""
    if text in seen or not text.startswith("/settings"):
        return
    seen.add(text)
    reply = club.say(text, pressed=True)
    assert reply.ok or "Only one short message" in reply.lines()[0], text
    assert reply.panel or not reply.ok
    for button in reply.buttons:
        assert len(button.command.encode()) <= 64
        pressed_through(club, button.command, seen)


def test_every_button_of_the_panel_and_of_what_it_opens_works(club: Any) -> None:
    seen: set[str] = set()
    pressed_through(club, "/settings", seen)
    assert {text.split()[1] for text in seen if " " in text} >= set(SETTINGS) - {"topic", "role"}


def test_a_subscription_promises_no_message_that_is_kept_away(club: Any) -> None:
    def said(text: str) -> str:
        return str(club.say(text).text[0])

    assert "The next weekly message comes by itself." in said("/subscribe defi")
    club.say("/settings weekly off")
    assert "switched off here: switch it on under Settings." in said("/subscribe ai")
    club.say("/settings mute 3")
    muted = "Nothing is sent here until Fri 17 Nov 2023, 09:30 UTC: unmute it under Settings."
    assert muted in said("/subscribe rwa")
    assert said("/start week") == f"From now on: one message a week. {muted}"
    assert said("/settings unmute") == "Mute: off."


def test_the_panel_names_the_mode_that_counts_chosen_or_not(club: Any) -> None:
    def mode() -> str:
        rows = dict(club.say("/settings").table.rows)
        return str(rows["Risk mode"])

    assert mode() == "balanced, this bot's own"
    club.desk.choose(replace(club.chat(), mode="aggressive"))
    assert mode() == "aggressive"


def test_a_switch_turns_back_and_an_index_is_taken_off_again(club: Any) -> None:
    for text in ("/settings sound silent", "/settings sound loud", "/settings indices ai", "/settings indices ai"):
        assert club.say(text).ok
    assert club.chat() == Chat("telegram", "42")


def test_fewer_goes_step_by_step_to_one_short_message_a_week(club: Any) -> None:
    club.say("/settings pulse on")
    steps = []
    while (reply := club.say("/settings fewer")).ok:
        chat = club.chat()
        steps.append((chat.pulse, chat.watched, chat.danger, chat.short))
    assert steps == [
        (True, False, True, False),
        (True, False, False, False),
        (True, False, False, True),
    ]
    assert "/unsubscribe" in reply.lines()[0] and club.chat().weekly


def test_fewer_than_nothing_is_not_said_to_be_a_message_a_week(club: Any) -> None:
    for kind in ("weekly", "danger", "watched"):
        club.say(f"/settings {kind} off")
    assert club.say("/settings fewer").text == ("No kind of message is left: /settings kinds brings them back.",)
    assert not club.chat().short


def test_a_pulse_is_shown_once_it_is_switched_on_and_to_its_own_chat_alone(club: Any) -> None:
    off = club.group("/pulse")
    assert off.ok and "The pulse is off here" in off.text[0]
    assert club.group(off.buttons[0].command).ok
    club.database.pulse.add("telegram", "-100", club.now.date(), {"": 7, "AAVE": 3})
    on = club.member("/pulse")
    assert on.text[0] == "7 messages this week, 0 last week."
    assert on.table.rows == (("AAVE", "3", "0"),)
    club.say("/settings pulse on")
    assert club.say("/pulse").text[0] == "0 messages this week, 0 last week."


def test_a_mute_ends_by_itself_or_when_asked(club: Any) -> None:
    assert "until Tue 21 Nov 2023, 09:30 UTC" in " ".join(club.say("/settings mute").lines())
    assert "/settings unmute" in [b.command for b in club.say("/settings").buttons]
    club.now += dt.timedelta(days=7)
    assert "/settings mute" in [b.command for b in club.say("/settings").buttons]
    club.say("/settings mute")
    club.say("/settings unmute")
    assert club.chat().muted_until is None


def test_a_topic_is_chosen_by_writing_in_it(club: Any) -> None:
    club.group("/settings topic here", thread="55")
    assert club.chat("-100").thread == "55"
    for text in ("/settings sound silent", "/subscribe defi", "/watch aave"):
        club.group(text, thread="77")
        assert club.chat("-100").thread == "55", "what is chosen elsewhere does not move the messages"
    club.group("/settings topic none", thread="77")
    assert club.chat("-100").thread == ""


CHANGES = (
    "/subscribe defi", "/subscribe all", "/settings weekly off", "/settings mute", "/settings fewer", "/watch aave",
    "/start week", "/start s_defi", "/settings indices ai", "/mode conservative",
)  # fmt: skip


@pytest.mark.parametrize("text", CHANGES)
def test_a_member_of_a_group_changes_nothing(text: str, club: Any) -> None:
    club.member(text)
    assert not club.all_rows()
    assert not club.database.connection.rows("SELECT * FROM confirmations")


@pytest.mark.parametrize("text", [text for text in CHANGES if "mode" not in text])
def test_a_member_of_a_group_is_told_in_private_who_may(text: str, club: Any) -> None:
    reply = club.member(text)
    assert reply.private and not reply.ok
    assert "chosen by its admins" in reply.lines()[0]


def test_a_member_reads_the_settings_in_private_without_buttons(club: Any) -> None:
    club.group("/settings sound silent")
    reply = club.member("/settings")
    assert reply.private and not reply.buttons and not reply.panel
    assert ("Sound", "silent") in reply.table.rows


def test_watching_a_token_is_turned_on_and_off_and_has_an_end(club: Any) -> None:
    assert "AAVE is watched from now on" in club.say("/watch aave").text[0]
    assert club.chat().watches == ("AAVE",)
    [off] = [b.command for b in club.say("/watch").buttons if b.label == "Take AAVE off"]
    assert "watched no longer" in club.say(off).text[0]
    assert club.chat().watches == ()
    for n in range(25):
        assert club.say(f"/watch tok{n}").ok
    assert "at most 25" in club.say("/watch aave").lines()[0]
    assert "stable token" in club.say("/watch usdc").lines()[0]
    assert len(club.chat().watches) == 25


def test_a_watch_that_is_never_told_says_so(club: Any) -> None:
    club.say("/watch aave")
    club.say("/settings strength 50")
    assert "50 hundredths" in club.say("/watch").text[0]
    club.say("/settings watched off")
    assert "/settings watched on" in " ".join(club.say("/watch").text)


def test_a_chat_whose_time_zone_vanished_is_answered_still(club: Any) -> None:
    club.say("/settings zone Asia/Kolkata")
    assert ("Time zone", "Kolkata") in club.say("/settings").table.rows
    club.database.chats.put(replace(club.chat(), time_zone="Atlantis/Nowhere"))
    assert ("Time zone", "UTC") in club.say("/settings").table.rows


def test_a_choice_made_elsewhere_counts_for_the_chat_it_names(club: Any) -> None:
    club.database.chats.put(Chat("telegram", "-100", place="channel", title="News"))
    reply = club.say("/settings in:-100", manages="-100")
    assert reply.title == "Settings of News"
    assert reply.buttons and all(b.command.endswith(" in:-100") for b in reply.buttons)
    assert club.say("/settings sound silent in:-100", manages="-100").ok
    assert club.say("/subscribe defi in:-100", manages="-100").ok
    assert (club.chat("-100").silent, club.chat("-100").indices, club.chat("-100").place) == (
        True,
        ("defi",),
        "channel",
    )
    assert not club.database.chats.knows("telegram", "42")


def test_what_is_misunderstood_elsewhere_is_offered_there_again(club: Any) -> None:
    club.database.chats.put(Chat("telegram", "-100", place="channel", title="News"))
    reply = club.say("/subscribe dfi in:-100", manages="-100")
    assert [b.command for b in reply.buttons] == ["/subscribe defi in:-100"]


def test_a_mode_is_previewed_and_confirmed_from_elsewhere(club: Any) -> None:
    club.database.chats.put(Chat("telegram", "-100", place="channel", title="News"))
    confirm = club.say("/mode conservative in:-100", manages="-100").buttons[0].command
    assert not club.say(confirm).ok
    assert club.say(confirm, manages="-100").ok
    assert club.chat("-100").mode == "conservative"


@pytest.mark.parametrize("changes", [{}, {"manages": "-200"}, {"manages": "-100", "place": "group", "chat": "-300"}])
def test_a_chat_is_not_chosen_for_by_one_whom_the_platform_saw_no_admin_of_it(
    changes: dict[str, str], club: Any
) -> None:
    reply = club.say("/settings sound silent in:-100", **changes)
    assert not reply.ok and "could not see" in reply.lines()[0]
    assert not club.all_rows()
