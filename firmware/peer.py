"""The other board, as this one knows it: who may connect, what it was told, what it has said.

It is what a Link (firmware/link/link.py) asks of its board.
"""

from firmware.errors import Damaged, Refused, why
from firmware.link.greeting import PROMPT, STATUS
from firmware.link.link import Counters, Link
from firmware.pair import judge
from firmware.pair.identity import NO_PAIR, PRIMARY


class Peer:
    """`journal`, `lane` (a Compressor's) and `settings` are the board's. `closed_to_groups()` is a sentence
    while no groups are taken from anybody. The owner sets `moved`, called when the twin has acknowledged
    something or a link came up, `fenced`, called when this board has met the one that took over, and
    `note(sentence)`, told of what happened.

    `name`: of the board last met. `written`: the last group that it is known to have had. `refusal`: why the
    last greeting failed. `caller`: what somebody was turned away for who called and proved to be nobody, which says
    nothing of the other board: a port that is open is called by all kinds. `damage`: why the twin cannot go on, when
    our own journal is damaged. `received`: the last group that the twin has in memory. `pace`: how fast its links may
    go (pace.py). For showing only: `report()` tells the other board of this one, and `neighbour` hears of the other
    one, and its heartbeats.
    """

    def __init__(self, identity, journal, lane, settings, closed_to_groups, pace=None):
        self.identity = identity
        self.name = ""
        self.written = 0
        self.refusal = ""
        self.caller = ""
        self.damage = ""
        self.link = None
        self.mute = False  # nobody is told who this board is: a new generation is not durable yet
        self.received = journal.acked.number
        self.counters = Counters()
        self.moved = None
        self.fenced = None
        self.note = _nobody_to_tell
        self.on_parted = None
        self._damaged_number = 0
        self._journal = journal
        self._lane = lane
        self.pace = pace
        self.neighbour = None
        self.report = None
        self.waited_for = _nobody_waits
        self._waits = settings.ack != "local"
        self._closed_to_groups = closed_to_groups

    @property
    def part(self):
        """The Sender or Receiver at work, None without one."""
        return None if self.link is None else self.link.part

    @property
    def sends(self) -> bool:
        """Whether groups are shipped to the twin now."""
        return self.part is not None and self.identity.role == PRIMARY

    @property
    def prompt(self) -> bool:
        """Whether a host waits for the twin to take or to hold its writes."""
        return self._waits or (self.link is not None and bool(self.link.peer.capabilities & PROMPT))

    @property
    def capabilities(self) -> int:
        """What this board says of itself in a HELLO, as bits."""
        return (PROMPT if self._waits else 0) | (STATUS if self.neighbour is not None else 0)

    def new_link(self) -> Link:
        """A conversation for a connection to the other board, whoever opened it."""
        return Link(self, self._journal, self.counters, self._lane, self.pace)

    def count(self, count: int) -> None:
        """So many bytes went over the wire beside what the links say and hear; fewer, when they are still to come."""
        if self.pace is not None:
            self.pace.count(count)

    def drop_link(self) -> None:
        """Ends the link in good order, if there is one."""
        if self.link is not None:
            self.link.close()
            self.link = None
            self._forget_neighbour()
            self.note("this board closes the link to %s" % self.name)

    # What a Link asks and tells

    def judge(self, peer, number: int, chain: int):
        """For a greeting, on a primary: the Point from which `peer`, whose log ends behind group `number`,
        is sent what it lacks. Raises Refused."""
        self._meet(peer)
        return judge.starting_point(self.identity, peer, self._journal, number, chain)

    def accept(self, peer) -> None:
        """For a greeting, on a twin: whether groups from `peer` are taken. Raises Refused."""
        self._meet(peer)
        sentence = self._closed_to_groups()
        if sentence:
            raise Refused(sentence)

    def follow(self, peer) -> None:
        """`peer`, which accept() took, has agreed too: a fresh twin belongs to its pair from now on. Not before: one
        that was refused may still become the twin of another pair."""
        mine = self.identity
        if mine.pair_id == NO_PAIR:
            mine.pair_id = peer.pair_id
            mine.generation = peer.generation
            mine.fork_number, mine.fork_chain = peer.fork_number, peer.fork_chain
            self._journal.save()  # its lane makes the label durable before any group

    def _meet(self, peer) -> None:
        judge.refuse_strangers(self.identity, peer)
        if judge.must_fence(self.identity, peer) and not self.identity.fenced:
            self.identity.fenced = True
            self.fenced()
            self._take_over_fork(peer)
            self._journal.save()
        judge.refuse_roles(self.identity, peer)
        self.name = peer.name

    def _take_over_fork(self, peer) -> None:
        """The board that was promoted holds all up to its fork, acknowledged or not."""
        try:
            point = self._journal.find(peer.fork_number, peer.fork_chain)
        except (Damaged, OSError):
            return
        if point is not None:
            self._journal.acknowledged(point)

    def joined(self, part) -> None:
        """A greeting succeeded; an earlier connection, if it lingers, is over."""
        if self.link is not None and self.link is not part.link:
            self.link.drop("another connection took its place")
        self._forget_neighbour()
        self.link = part.link
        self.refusal = self.caller = ""
        self.heard_of(part.link.peer.number)
        self.note("the link to %s is up" % self.name)
        self.moved()

    def heard_of(self, number: int) -> None:
        """The other board has group `number`."""
        self.written = max(self.written, number)
        if self.neighbour is not None:
            self.neighbour.beat(number)

    def parted(self, link) -> None:
        """A connection is gone."""
        if self.link is link:
            self.link = None
            self._forget_neighbour()
            self.note("the link to %s is lost: %s" % (self.name, link.reason))
        if link.refusal:
            self._refused(link.refusal)
        if self.on_parted is not None:
            self.on_parted(link)

    def reported(self, data: bytes) -> None:
        """The other board tells how it is doing, or so it says."""
        if self.neighbour is not None:
            self.neighbour.hear(data)

    def _forget_neighbour(self) -> None:
        if self.neighbour is not None:
            self.neighbour.forget()

    @property
    def urgent(self) -> int:
        """The last group that a host waits for until the twin has it, 0 for none."""
        return self.waited_for() if self._waits else 0

    @property
    def must_go(self) -> int:
        """Position in the log up to which the twin has to take it before a host finds room to write, 0 for none."""
        return self._journal.must_go

    def _refused(self, sentence: str) -> None:
        """A greeting failed."""
        if self.link is None:  # while one works, the failure of another is no news
            if self.refusal != sentence:
                self.note("no link: %s" % sentence)
            self.refusal = sentence

    def turned_away(self, sentence: str, news: bool) -> None:
        """Somebody called and did not come to a greeting; `news`: it is to be remembered."""
        if self.link is None:
            self.caller = sentence
            if news:
                self.note("no link: %s" % sentence)

    def acknowledged(self, received: int, point) -> None:
        """The twin has taken groups up to `received` and durably holds all up to `point`."""
        self.received = max(self.received, received)
        self._journal.acknowledged(point)
        if point.number >= self._damaged_number:
            self.damage = ""  # it could be read after all
        self.moved()

    def suspect(self, number: int) -> None:
        """The twin found group `number` damaged: was it so in our journal already?"""
        try:
            self._journal.verify(number)
        except (Damaged, OSError) as e:
            self.unreadable(number, e)

    def unreadable(self, number: int, error) -> None:
        """Group `number` cannot be read from our journal any more, so the twin cannot go on."""
        self._damaged_number = number
        damage = "%s; the twin cannot go on from group %d: start the pair anew" % (why(error), number)
        if damage != self.damage:
            self.note(damage)
        self.damage = damage


def _nobody_waits() -> int:
    return 0


def _nobody_to_tell(sentence: str) -> None:
    pass
