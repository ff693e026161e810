from storage.database import Database


def test_a_chat_follows_the_mode_it_chose_last(database: Database) -> None:
    assert database.chats.mode("telegram", "-100") is None
    database.chats.set_mode("telegram", "-100", "conservative")
    database.chats.set_mode("telegram", "-100", "aggressive")
    assert database.chats.mode("telegram", "-100") == "aggressive"
    assert database.chats.mode("discord", "-100") is None
