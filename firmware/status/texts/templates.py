"""Finds the template that a sentence was made from: "the disk %s failed" for "the disk /dev/sda failed"."""

_MOST_REMEMBERED = 128
_DEPTH = 3  # a sentence may hold another one: "no link: that board speaks .."


class Templates:
    """`table`: {English template: translation}. %s, %d and their kin stand for anything, and keep their order."""

    def __init__(self, table: dict):
        self._exact = {}
        self._split = []
        self._remembered = {}
        for template in table:
            pieces = split(template)
            if len(pieces) == 1:
                self._exact[pieces[0]] = table[template].replace("%%", "%")
            else:
                self._split.append((sum([len(piece) for piece in pieces]), pieces, table[template]))
        # The one that says most itself wins, so that "%s failed" does not take what a longer one knows better.
        self._split.sort(key=_length)

    def turned(self, sentence: str) -> str:
        """The translation; the sentence itself when no template fits."""
        found = self._remembered.get(sentence)
        if found is None:
            found = self._find(sentence, _DEPTH)
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
            self._remembered[sentence] = found
        return found

    def knows(self, sentence: str) -> bool:
        """Whether a template fits."""
        return sentence in self._exact or self._match(sentence) is not None

    def _find(self, sentence: str, depth: int) -> str:
        if sentence in self._exact:
            return self._exact[sentence]
        match = self._match(sentence) if depth else None
        if match is None:
            return sentence
        translation, places = match
        return translation % tuple([self._find(place, depth - 1) for place in places])

    def _match(self, sentence: str) -> "tuple | None":
        for _, pieces, translation in self._split:
            places = matched(pieces, sentence)
            if places is not None:
                return translation, places
        return None


def _length(entry: tuple) -> int:
    return -entry[0]


def split(template: str) -> list:
    """The text between the places of a template, with %% as one sign."""
    pieces, piece, at = [], "", 0
    while at < len(template):
        if template[at] != "%":
            piece += template[at]
            at += 1
        elif template[at + 1 : at + 2] == "%":
            piece += "%"
            at += 2
        else:
            at += 1
            while template[at] in "0123456789.-":
                at += 1
            at += 1
            pieces.append(piece)
            piece = ""
    return pieces + [piece]


def matched(pieces: list, sentence: str) -> "list | None":
    """What stands in the places; None when the sentence is not of these pieces."""
    first, last = pieces[0], pieces[-1]
    if not sentence.startswith(first) or not sentence.endswith(last):
        return None
    at, end = len(first), len(sentence) - len(last)
    places = []
    for piece in pieces[1:-1]:
        found = sentence.find(piece, at, end) if end >= at else -1
        if found < 0:
            return None
        places.append(sentence[at:found])
        at = found + len(piece)
    return places + [sentence[at:end]] if end >= at else None
