"""A terminal: byte 0 says what the board is like and cuts the stream, then what is typed; byte 255 begins something
else: time passes, the terminal reads or does not, an answer comes."""

from firmware.errors import Refused
from tests.unit.test_console import Board, Session, twin

MAX_INPUT = 4096
_CUTS = (1, 3, 17, 4096)
_MEMORY = 16 << 10  # bytes that a console may hold beside its buffer


def seeds() -> list:
    typed = (b"help\r", b"log\n", b"status\r\n", b"mark before\r", b"promote\ryes\r", b"promote force\ryes\r",
             b"\x0c\x03", b"mark \xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80\x7f\r", b"\x1b[A\x1bOP\x1b]0;t\x07",
             b"AT\r+++~", b"x" * 200)  # fmt: skip
    found = [bytes([board]) + each for each in typed for board in range(0, 64, 9)]
    return found + [b"\x01promote\r\xff\x40yes\r\xff\x01\xff\x81", b"\x05mark a\r\xff\x02help\r\xff\x02\xff\x7f"]


def _board(what: int):
    answers = (None, (7, None), (None, Refused("planted")), ({"generation": 2, "group": 3, "missing_groups": 0}, None))
    link = {"link_state": "up" if what & 8 else "waiting", "link_peer": "l\x1b[2J"}
    made = twin if what & 4 else Board
    return made(answers[what & 3], name="n\x9b\u202e", alarms=["\x1b[7m"] * (what >> 4 & 3), **link)


def _happen(session, what: int) -> None:
    if what & 128:
        session.board.events.note("\x1b[%dA" % what * what)
    if what & 3 == 1 and session.board.done is not None and session.board.answer is None:
        done, session.board.done = session.board.done, None
        done(None, Refused("too late"))
    elif what & 3 == 2:
        session.takes = not session.takes
    session.wait((what & 124) << 4 if what & 64 else what & 60)


def one(data: bytes) -> None:
    if not data:
        return
    session = Session(_board(data[0]))
    entered = _listen(session.console._commands)
    cut = _CUTS[data[0] >> 6]
    for piece, part in enumerate(data[1:].split(b"\xff")):
        if piece and part:
            _happen(session, part[0])
            part = part[1:]
        for at in range(0, len(part), cut):
            session.type(part[at : at + cut])
        out = session.console.outgoing()
        assert out is None or len(out) < _MEMORY
    session.takes = True
    session.turn()
    _check(session, entered)


def _listen(commands) -> list:
    """The lines that are entered from now on."""
    entered, enter = [], commands.enter

    def listening(line):
        entered.append(line.strip().lower())
        enter(line)

    commands.enter = listening
    return entered


def _check(session, entered: list) -> None:
    asked = [what for what, _ in session.board.asked]
    meant = [line for line, before in zip(entered[1:], entered, strict=False) if before.startswith("promote")]
    assert asked.count("promote") <= meant.count("yes"), "it was promoted without a yes"
    assert asked.count("mark") <= len([line for line in entered if line[:5] == "mark "])
    assert session.terminal.scrolled == 0
    session.type("\x18\x03\x0c")
    assert session.terminal.lines[0].split(" ")[1] in ("SAFE", "NOT", "BEHIND"), session.terminal.lines[0]
    assert session.prompt == ">"
