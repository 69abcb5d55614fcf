"""Words in a value of board.conf: what stands before one, and behind it."""


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
