"""What the values of board.conf that say where alerts go have in common: words, logins, hosts."""

from firmware import address
from firmware.alerts.place import HIDDEN
from firmware.errors import Refused

MAX_TEXT = 2048


def end_of_word(text: str, start: int) -> int:
    """Where the word that begins at `start` ends."""
    end = start
    while end < len(text) and text[end] not in " \t":
        end += 1
    return end


def find_word(text: str, word: str) -> int:
    """Where `word` stands by itself for the first time; -1: nowhere."""
    start = 0
    while start < len(text):
        end = end_of_word(text, start)
        if text[start:end] == word:
            return start
        start = end + 1
    return -1


def split_at(text: str, word: str) -> tuple:
    """(before, whether `word` stands there, behind), without the space around it."""
    place = find_word(text, word)
    if place < 0:
        return text.strip(" \t"), False, ""
    return text[:place].strip(" \t"), True, text[place + len(word) :].strip(" \t")


def checked(text: str) -> str:
    """The text, or Refused when it can be no line of a file."""
    if len(text) > MAX_TEXT:
        raise Refused("this is longer than %d characters; name fewer receivers" % MAX_TEXT)
    for character in text:
        if ord(character) < 32 or 127 <= ord(character) < 160:
            raise Refused("there is a control character in it; delete it")
    return text


def is_plain(text: str) -> bool:
    """Whether it is visible ASCII, without space."""
    return all(32 < ord(character) < 127 for character in text)


def login(text: str) -> tuple:
    """(what stands before, user or None, password or None) of `.. user NAME password THE REST`."""
    before, found, rest = split_at(text, "user")
    if not found:
        if find_word(text, "password") >= 0:
            raise Refused("password stands without user; write user NAME password PASSWORD")
        return text, None, None
    user, found, password = split_at(rest, "password")
    if not user or end_of_word(user, 0) != len(user) or ":" in user:
        raise Refused("behind user stands one name; write user NAME password PASSWORD")
    return before, user, password if found and password else None


def check_whole(url: str, password: "str | None", token: str) -> None:
    """What is shown of a secret must not become the secret."""
    if password == HIDDEN or token == HIDDEN or url.endswith("/" + HIDDEN):
        raise Refused("what stands for a secret here is not the secret; type the whole value anew")


def host_and_port(text: str, port: int) -> tuple:
    """(host, port) of HOST or HOST:PORT; `port` where it says none."""
    has_port = text.rpartition("]")[2].find(":") >= 0
    place = address.parse(text if has_port else "%s:%d" % (text, port))
    if place[0] != "tcp":
        raise Refused("this is no host; write its name or address, for example alerts.example.org")
    return place[1], place[2]
