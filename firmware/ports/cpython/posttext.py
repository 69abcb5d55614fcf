"""Words of others on their way into somebody else's syntax: names, sentences of peers and cards, replies of servers."""


def one_line(text: str) -> str:
    """`text` as one line of visible characters, which any header may hold."""
    return "".join([character if character.isprintable() else " " for character in text])


def lines(text: str) -> str:
    """The same of each of its lines."""
    return "\n".join([one_line(line) for line in text.splitlines()])


def no_encoded_word(text: str) -> str:
    """One line in which no mail program, and no library that writes mail, finds anything to decode (RFC 2047 2): what
    is behind a decoded word is a line break, and behind that a header or a body of its own."""
    return one_line(text).replace("=?", "= ?")
