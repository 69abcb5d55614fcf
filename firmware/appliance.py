"""Puts a board together from its settings: storages, lanes, listeners. The only place that knows all parts."""

import sys

from firmware import ports
from firmware.board import Board
from firmware.consoles import Consoles
from firmware.dialer import Dialer
from firmware.disk.player import Player, Syncer
from firmware.disk.volume import Reader
from firmware.errors import Damaged, Refused
from firmware.guard import Guard
from firmware.host.nbd.conversation import Conversation as NbdConversation
from firmware.lanes import Lanes
from firmware.link.compressor import Compressor
from firmware.link.entrance import Entrance
from firmware.log.ledger import Ledger
from firmware.log.ring import Ring
from firmware.log.scribe import Scribe
from firmware.matchmaker import make_pairing
from firmware.media import open_media
from firmware.ports import environment
from firmware.presence import Presence
from firmware.service import Service
from firmware.startup import ARENA_SIZE, open_journal
from firmware.status.shown import Shown
from firmware.surfaces import Surfaces
from firmware.website import BURST, Website

LINKS, VISITORS, HOSTS = 8, 64, 16  # connections at a time
CALLERS = 64  # the same of links where anybody may call: who has not proved who it is makes room for the next
_CLOCK_MS = 10000
_SMALL_BATCH = 64 << 10  # bytes; its append takes less time than handing it to a thread


class Clock:
    """The clock of the runtime, as the board takes it."""

    now_ms = staticmethod(ports.now_ms)
    wall_ms = staticmethod(ports.wall_ms)
    local_minute = staticmethod(ports.local_minute)


class Appliance:
    """One running board. Raises Refused when it cannot be put together; nothing was changed then."""

    def __init__(self, settings):
        self._settings = settings
        self._loop = ports.Loop()
        self._board = None
        self._usb = None
        self._guard = None
        self._keys = None if settings.keys is None else ports.open_keys(settings.keys)
        self._website = None
        self._hosts = []
        self._listeners = []
        self._consoles = None
        try:
            self._usb = self._find_usb()
            self._listen()  # before any file is made: an address that is taken is the commonest mistake
            self._assemble()
        except Refused:
            self._close_listeners()
            if self._usb is not None:
                self._usb.give_up()
            raise

    def _assemble(self) -> None:
        settings, loop = self._settings, self._loop
        self._disk, self._storage = open_media(settings)
        memory = self._memory()
        try:
            remains = _run(open_journal(self._storage, settings, self._disk.size, ports.random_bytes, *memory))
        except Refused as e:
            raise Refused("%s %s" % (settings.journal, e))
        except (Damaged, OSError) as e:
            raise Refused("%s: %s; this board cannot start from it: start the pair anew" % (settings.journal, e))
        self._lanes = self._make_lanes(remains)
        self._board = board = Board(settings, remains, self._disk, self._lanes, Clock)
        board.on_failure = self._complain
        board.version = environment.version()
        for sentence in environment.alarms():
            board.alarm("set-up " + sentence, sentence)
        loop.spans = self._storage
        loop.on_span_error = lambda error: board.peer.unreadable(board.journal.acked.number + 1, error)
        loop.hook = lambda now: board.poll()
        shown = Shown(board, ports.now_ms)
        self._consoles = Consoles(board, loop, shown.get)
        if self._usb is not None:
            self._usb.serve(board, shown.get, self._consoles.add)
            if "usb" in board.alarms:
                self._complain(board.alarms["usb"])
            loop.hook = self._poll
        self._look_at_clock()
        media = [(self._storage, "journal " + settings.journal), (self._disk, "disk " + settings.disk)]
        self._presence = Presence(board, media, loop.call_after)
        if self._keys is not None:
            self._guard = Guard(board, self._keys, loop)
            board.pairing = make_pairing(board, settings, loop)
            self._keys.busy = lambda: board.pairing.busy
        ready = None if self._guard is None else lambda: self._guard.ready
        self._dialer = Dialer(board, self._dial, loop.call_after, _random, ready)
        if settings.console is not None:
            self._consoles.add(*settings.console)
        self._surfaces = Surfaces(board, loop, settings, self._website, self._stop, shown)
        self._service = Service(loop, shown.get, board.alarm)

    def _look_at_clock(self) -> None:
        self._board.clock_set = ports.clock_is_set()
        self._loop.call_after(_CLOCK_MS, self._look_at_clock)

    def _memory(self) -> tuple:
        """Memory for the arena, which the player's process sees too; and where it outlives us, its ledger, and what
        to call when that does not help a host."""
        if self._usb is None:
            return (ports.shared_memory(ARENA_SIZE),)
        memory, words = self._usb.memory(ARENA_SIZE)
        return memory, Ledger(words, ARENA_SIZE), self._usb.end_session

    def _make_lanes(self, remains) -> Lanes:
        disk, storage, loop = self._disk, self._storage, self._loop

        def ring():  # each worker has its own scratch memory
            return Ring(storage, remains.superblock)

        player = ports.ProcessLane(Player(disk, ring(), remains.arena), loop, keep=(disk, storage))  # before any thread
        return Lanes(
            journal=ports.ThreadLane(Scribe(ring(), disk.size), loop, brief={"append": _is_small}),
            player=player,
            sync=ports.ThreadLane(Syncer(disk), loop),
            read=ports.ThreadLane(Reader(disk), loop),
            link=ports.ThreadLane(Compressor(storage), loop),
        )

    def _find_usb(self):
        """The way in over USB, None when hosts come another one."""
        attach = self._settings.attach
        if attach is None or attach[0] != "usb":
            return None
        try:
            from board.usb.attachment import Attachment
        except ImportError as error:
            raise Refused("attach = usb needs Linux and CPython (%s); attach the host by nbd here" % error)
        return Attachment(self._loop, self._settings)

    def _poll(self, now: int) -> "int | None":
        due, usb_due = self._board.poll(), self._usb.poll(now)
        return usb_due if due is None or (usb_due is not None and usb_due < due) else due

    def run(self) -> int:
        """Runs until SIGTERM or SIGINT; the exit code."""
        ports.catch_signals(self._loop, self._stop)
        self._board.start()
        if self._guard is not None:
            self._guard.start()
        self._dialer.start()
        self._consoles.start()
        self._presence.start()
        self._service.start()
        self._surfaces.start()
        self._loop.run()
        self._loop.close()  # first the consoles: the port of one that is open cannot be given back
        if self._usb is not None:
            self._usb.close()
        self._surfaces.close()
        self._lanes.close()
        return 1 if self._board.failed else 0

    # Listeners; until there is a board, callers are turned away

    def _listen(self) -> None:
        settings = self._settings
        attach = settings.attach[1] if settings.attach is not None and settings.attach[0] == "nbd" else None
        if settings.web is not None:
            self._website = Website(self._loop, settings.web, self._keys, settings.keys)
            options = {"knows_caller": True, "burst": BURST, "fresh": True}
            self._add_listener("web", settings.web, self._website.visitor, VISITORS, **options)
        many = {"limit": LINKS} if self._keys is None else {"limit": CALLERS, "burst": BURST}
        self._add_listener("listen", settings.listen, self._new_link, **many)
        self._add_listener("attach", attach, self._new_host, HOSTS)

    def _add_listener(self, key: str, place: "tuple | None", make, limit: int, **options) -> None:
        if place is not None:
            try:
                self._listeners.append(ports.Listener(self._loop, place, make, limit, **options))
            except Refused as e:
                raise Refused("%s: %s" % (key, e))

    def _close_listeners(self) -> None:
        for listener in self._listeners:
            listener.close()

    def _new_link(self):
        if self._board is None:
            return None
        if self._guard is None:
            return self._board.peer.new_link()
        return Entrance(self._guard.incoming, self._board.pairing.visitor)

    def _new_host(self):
        if self._board is None:
            return None
        host = NbdConversation(self._board.volume, self._board.hosts)
        self._hosts = [other for other in self._hosts if not other.finished]
        self._hosts.append(host)
        return host

    def _dial(self, make_conversation, on_failed) -> None:
        def make():
            link = make_conversation()
            return link if self._guard is None else self._guard.outgoing(link)

        ports.dial(self._loop, self._settings.peer, make, on_failed)

    def _complain(self, sentence: str) -> None:
        sys.stderr.write("sosie: %s: %s\n" % (self._settings.name, sentence))

    def _stop(self) -> None:
        self._service.stop()
        self._surfaces.stop()
        self._close_listeners()
        if self._usb is not None:
            self._usb.stop()
        for host in self._hosts:
            host.close()
        self._consoles.stop()
        self._board.stop(self._loop.stop)


def _is_small(groups: list, chain: int) -> bool:
    return len(groups) == 1 and groups[0].size <= _SMALL_BATCH


def _random() -> float:
    return int.from_bytes(ports.random_bytes(4), "little") / (1 << 32)


def _run(steps):
    """Runs a generator to its end and returns its result."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value
