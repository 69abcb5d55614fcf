"""Puts TLS around the links of a board that has keys, and looks after these keys while it runs."""

from firmware.errors import Refused
from firmware.link.secure import Secure

LOOK_EVERY_MS = 2000
TELL_AGAIN_MS = 600000  # the same complaint about callers: on an open port somebody always calls


class Guard:
    """`credentials` come from ports.open_keys(), `loop` is a ports.Loop whose spans are those of the links."""

    def __init__(self, board, credentials, loop):
        self._board = board
        self._credentials = credentials
        self._loop = loop
        self._told = {}  # sentence: when
        self._trouble = ""

    def start(self) -> None:
        """From now on changes of the keys folder count within seconds."""
        self._look()

    @property
    def ready(self) -> bool:
        """Whether there is anybody to talk to."""
        return self._credentials.paired

    def incoming(self) -> "Secure | None":
        """A conversation for who called; None while there is nobody to talk to."""
        peer, links = self._board.peer, []

        def make_link():
            links.append(peer.new_link())
            return links[0]

        def ended(sentence: str, refused: bool) -> None:
            if links:
                links[0].ended(sentence, refused)
            elif refused:
                peer.turned_away(sentence, self._is_news(sentence))

        try:
            return self._secure(None, self._credentials.link_session(True), ended, make_link)
        except Refused:
            return None  # _look() says it

    def outgoing(self, link):
        """A conversation for a connection that this board opened to its peer."""
        try:
            return self._secure(link, self._credentials.link_session(False), link.ended)
        except Refused as sentence:
            link.ended(str(sentence), False)
            return link

    def _secure(self, link, session, ended, make_link=None) -> Secure:
        count = self._board.peer.count
        return Secure(link, session, self._loop.spans, self._loop.on_span_error, ended, make_link, count)

    def _is_news(self, sentence: str) -> bool:
        """Callers of all kinds, in turn, must not fill the board's memory of what happened."""
        now, told = self._loop.now, self._told.get(sentence)
        if self._board.peer.caller and told is not None and now < told + TELL_AGAIN_MS:
            return False
        self._told[sentence] = now
        return True

    def _look(self) -> None:
        credentials, before, trouble = self._credentials, self._credentials.certificate, ""
        try:
            credentials.refresh()
        except Refused as sentence:
            trouble = str(sentence)
        if credentials.certificate != before:
            self._board.peer.drop_link()  # the next one shows the new certificate
        self._board.alarm("keys", self._judged(trouble) or credentials.trouble or _not_paired(credentials))
        self._trouble = trouble
        self._loop.call_after(LOOK_EVERY_MS, self._look)

    def _judged(self, trouble: str) -> str:
        """What to say of the folder's trouble. Where its keys are in force already it has to last for that: files are
        replaced one after the other, and in between they do not fit."""
        if trouble and self._credentials.certificate is None:
            return "the link is closed: %s" % trouble
        return trouble if trouble == self._trouble else ""


def _not_paired(credentials) -> str:
    return "" if credentials.paired else "this board is not paired: `pair` on its console and on the other's pairs them"
