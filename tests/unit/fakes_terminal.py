"""A terminal of 24 lines by 80 columns that knows what the console uses, and says so when it gets anything else."""


class Terminal:
    """Feeds on bytes; `lines` is what a person sees, `row` and `column` where the cursor is."""

    def __init__(self, rows=24, columns=80):
        self.rows, self.columns = rows, columns
        self.cells = [[" "] * columns for _ in range(rows)]
        self.row = self.column = 0
        self.scrolled = 0
        self.strong = []  # texts that stand out
        self._style = ""
        self._pending = b""

    @property
    def lines(self):
        return ["".join(row).rstrip() for row in self.cells]

    @property
    def text(self):
        return "\n".join(self.lines)

    def feed(self, data):
        text, self._pending = _whole(self._pending + bytes(data))
        at = 0
        while at < len(text):
            if text[at] == "\x1b":
                end = at + 2
                assert text[at + 1 : at + 2] == "[", repr(text[at : at + 8])
                while not "@" <= text[end] <= "~":
                    end += 1
                self._control(text[at + 2 : end], text[end])
                at = end + 1
            else:
                self._put(text[at])
                at += 1

    def _put(self, character):
        assert character >= " " and not "\x7f" <= character <= "\x9f", repr(character)
        if self._style:
            self.strong[-1] += character
        if self.column == self.columns:  # as many do: wrap, and scroll at the bottom
            self.column = 0
            self.row += 1
            if self.row == self.rows:
                self.row -= 1
                self.scrolled += 1
        self.cells[self.row][self.column] = character
        self.column += 1

    def _control(self, parameters, final):
        if final == "H":
            row, _, column = parameters.partition(";")
            self.row, self.column = min(int(row), self.rows) - 1, int(column) - 1
        elif final == "K":
            self._clear(self.row, self.column)
        elif final == "J":
            for row in range(0 if parameters == "2" else self.row, self.rows):
                self._clear(row, 0 if parameters == "2" or row > self.row else self.column)
        elif final == "m":
            self._style = "" if parameters == "0" else parameters
            if self._style:
                self.strong.append("")
        else:
            assert (parameters, final) in (("?25", "l"), ("?25", "h")), (parameters, final)

    def _clear(self, row, column):
        for at in range(column, self.columns):
            self.cells[row][at] = " "


def _whole(data):
    """(text, bytes kept for later): what can be decoded and does not end in the middle of a sequence."""
    last = data.rfind(b"\x1b")
    if last >= 0 and not any(64 <= byte < 127 and byte != 91 for byte in data[last:]):
        return data[:last].decode(), data[last:]
    for end in range(len(data), max(-1, len(data) - 4), -1):
        try:
            return data[:end].decode(), data[end:]
        except UnicodeError:
            pass
    raise AssertionError("no UTF-8: %r" % data[-8:])
