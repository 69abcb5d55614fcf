"""The frame STATUS: when it goes, behind what, to whom; and what the other side makes of it."""

import unittest

from firmware.errors import ProtocolError
from firmware.link import frames
from firmware.link.bulletin import AGAIN_MS, LOOK_MS, SHARE, SPARING_MS, Bulletin
from firmware.link.greeting import STATUS
from firmware.link.pacing import Pace
from firmware.pair.identity import PRIMARY, TWIN
from firmware.status.lag import BEHIND_S
from firmware.status.neighbour import Neighbour, pack
from tests.unit.fakes_link import Chance, FakeBoard, Wire, pair, same_log, whole
from tests.unit.fakes_status import WELL, status
from tests.unit.test_link_peer import Forger


class Story:
    """What a Bulletin says over time, when its link gives it every chance."""

    def __init__(self, report, bytes_per_s=0, sparing=False, step=100):
        self.bulletin = Bulletin(report)
        self.said = []  # (ms, data)
        self.bytes_per_s, self.sparing, self.step, self.now = bytes_per_s, sparing, step, 0

    def run(self, milliseconds, only_overdue=False):
        for _ in range(0, milliseconds, self.step):
            self.bulletin.poll(self.now, self.bytes_per_s, self.sparing)
            if self.bulletin.overdue if only_overdue else self.bulletin.due:
                self.said.append((self.now, self.bulletin.take()))
            self.now += self.step
        return self

    def gaps(self):
        times = [now for now, _ in self.said]
        return [after - before for before, after in zip(times, times[1:])]


class Counting:
    """A report that is another one each time."""

    def __init__(self, length=3):
        self.count, self.length = 0, length

    def __call__(self):
        self.count += 1
        return ("%03d" % self.count).encode() * (self.length // 3)


class Times(unittest.TestCase):
    def test_one_that_changes_goes_every_two_seconds(self):
        gaps = Story(Counting()).run(60000).gaps()
        self.assertTrue(len(gaps) > 20 and min(gaps) >= LOOK_MS, gaps)

    def test_an_unchanged_one_goes_at_least_every_ten(self):
        gaps = Story(lambda: b"same").run(60000).gaps()
        self.assertTrue(len(gaps) > 4 and AGAIN_MS <= min(gaps) and max(gaps) <= 10000, gaps)

    def test_nothing_to_say_is_not_said(self):
        self.assertEqual(Story(lambda: b"").run(60000).said, [])

    def test_it_is_not_asked_more_often_than_every_two_seconds(self):
        report = Counting()
        Story(report).run(20000)
        self.assertTrue(report.count <= 11)

    def test_what_could_not_go_is_forgotten(self):
        report, story = Counting(), None
        story = Story(report)
        for story.now in range(0, 30000, 100):
            story.bulletin.poll(story.now, 0, False)
        self.assertEqual(story.bulletin.take(), ("%03d" % report.count).encode())
        self.assertFalse(story.bulletin.due)

    def test_groups_make_way_every_ten_seconds_only(self):
        gaps = Story(Counting()).run(60000, True).gaps()
        self.assertTrue(min(gaps) >= AGAIN_MS and max(gaps) <= 10000, gaps)

    def test_it_takes_a_fiftieth_of_a_thin_wire_at_most(self):
        for speed in (125, 1200, 8000):
            story = Story(Counting(600), speed).run(3600000)
            length = sum(len(data) for _, data in story.said)
            self.assertTrue(600 <= length <= 3600 * speed // SHARE + 600, (speed, length))

    def test_a_quota_that_is_used_up_is_spared(self):
        gaps = Story(Counting(), 0, True).run(600000).gaps()
        self.assertTrue(len(gaps) > 5 and min(gaps) >= SPARING_MS, gaps)


    def test_that_a_quota_is_used_up_is_said_at_once(self):
        story = Story(Counting()).run(30000)
        story.sparing = True
        before = len(story.said)
        self.assertEqual(len(story.run(5000).said), before + 1)


def reporting(count=0):
    left, right = pair(count)
    for board in (left, right):
        board.capabilities = STATUS
        board.news = b'{"name":"%s"}' % board.identity.name.encode()
    return left, right


class Slow(unittest.TestCase):
    """What the twin says of itself while a big group takes its time on a slow wire, and no report comes."""

    def setUp(self):
        self.left, self.right = reporting(3)
        self.wire = Wire(self.left, self.right, whole, {"rate": 64000})
        self.heard = Neighbour(lambda: self.wire.now, lambda: self.right.journal.head.number)
        self.right.heard_of, self.right.reported = self.heard.beat, self.heard.hear
        self.left.news = pack(dict(WELL))
        self.wire.run()

    def cases(self, milliseconds):
        """What it said each half second."""
        found = []
        for _ in range(0, milliseconds, 500):
            self.wire.pass_time(500)
            found.append(status(role="twin", other=self.heard.shown())["words"]["case"])
        return found

    def test_a_quiet_one_is_safe_all_the_time(self):
        self.cases(5000)
        self.assertEqual(set(self.cases(200000)), {"mirroring"})

    def test_behind_a_group_that_takes_a_minute(self):
        self.cases(20000)
        self.left.journal.add(Chance(3).bytes(500000))
        self.left.part.durable(self.left.journal.head.number)
        found = self.cases(60000)
        self.assertEqual(set(found[2 * BEHIND_S + 1 :]), {"unknown"})
        self.assertEqual(set(self.cases(15000)[-4:]), {"mirroring"})  # it is here

    def test_what_is_held_back_is_told_by_the_heartbeats(self):
        self.cases(20000)
        self.left.part.next_frame = lambda writer: False
        self.left.journal.add(b"x" * 5000)
        found = self.cases(50000)
        self.assertEqual(set(found[2 * (BEHIND_S + 3) :]), {"unknown"})


class OnTheWire(unittest.TestCase):
    def test_both_hear_of_each_other(self):
        left, right = reporting(2)
        wire = Wire(left, right)
        wire.run()
        wire.pass_time(21000, 100)
        for board, other in ((left, right), (right, left)):
            self.assertTrue(3 <= len(board.reports) <= 4, board.reports)
            self.assertEqual(set(board.reports), {other.news})

    def test_who_did_not_offer_it_never_sees_one(self):
        left, right = reporting()
        right.capabilities = 0
        wire = Wire(left, right)
        wire.run()
        wire.pass_time(30000, 100)
        self.assertEqual(right.reports, [])
        self.assertTrue(left.reports)

    def test_an_older_board_that_gets_one_would_end_the_link(self):
        peer = Forger(FakeBoard(TWIN, "right"), PRIMARY)
        with self.assertRaises(ProtocolError):
            peer.say(frames.STATUS, b"{}")  # before READY it is out of turn for everybody

    def test_a_twin_acknowledges_first(self):
        board = FakeBoard(TWIN, "right")
        board.capabilities, board.news = STATUS, b"x" * 50
        peer = Forger(board, PRIMARY, capabilities=STATUS).ready()
        link, sent = peer.link, []
        for now in range(1000, 9000, 100):
            link.poll(now)
            board.part._ack_due = True  # there is always one
            link.outgoing()
            sent.append(link._writer.kind)
            peer.drain()
        acks = [at for at, kind in enumerate(sent) if kind == frames.ACK]
        self.assertFalse(frames.STATUS in sent)  # it comes behind the first frame of each turn
        self.assertTrue(len(acks) > 60)

    def test_groups_go_first_and_make_way_seldom(self):
        left, right = reporting()
        for _ in range(60):
            left.journal.add(Chance(1).bytes(20000))
        wire = Wire(left, right, whole, {"pace": Pace(160000)})
        wire.run()
        wire.pass_time(40000, 20)
        self.assertTrue(2 <= len(right.reports) <= 5, len(right.reports))
        wire.pass_time(30000, 20)
        self.assertTrue(same_log(left, right))

    def test_what_the_other_side_says_is_bounded(self):
        peer = Forger(FakeBoard(TWIN, "right"), PRIMARY).ready()
        peer.say(frames.STATUS, b"x" * frames.MAX_STATUS)
        self.assertEqual(len(peer.link._board.reports[0]), 4096)
        with self.assertRaises(ProtocolError):
            peer.say(frames.STATUS, b"x" * (frames.MAX_STATUS + 1))


if __name__ == "__main__":
    unittest.main()
