"""Values that several keys have: names, paths, folders, words. Text in, value out, Refused with a clause otherwise."""

from firmware.errors import Refused

MAX_NAME = 63
MAX_PATH = 4095


def name(text: str) -> str:
    """The name of a board; Refused with a clause for one that it cannot have."""
    if len(text.encode()) > MAX_NAME:
        raise Refused("a name has at most %d bytes; choose a shorter one" % MAX_NAME)
    return text


def path(text: str) -> str:
    """Of a file or a device."""
    if text[0] in "\"'":
        raise Refused("quotes would be a part of the path; write it without them")
    if text.endswith("/"):
        raise Refused("this is a folder; write the path of a block device or a file")
    if len(text.encode()) > MAX_PATH:
        raise Refused("a path has at most %d bytes; choose a shorter one" % MAX_PATH)
    return text


def folder(text: str) -> str:
    """A folder's path, without a slash at its end."""
    if not text.startswith("/"):
        raise Refused("a folder is named by its whole path; write for example /srv/left.keys")
    return path(text.rstrip("/") or text)


def choice(*words: str):
    """The parser of a value that is one of these words."""

    def parse_word(text: str) -> str:
        if text not in words:
            raise Refused("write %s or %s" % (", ".join(words[:-1]), words[-1]))
        return text

    return parse_word
