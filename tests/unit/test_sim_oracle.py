"""The oracle finds what a toy board does wrong, and says nothing of one that does it right."""

import random
import unittest

from tests.sim.content import payload, tags
from tests.sim.host import SimHost, Workload
from tests.sim.medium import LOSE, Medium
from tests.sim.oracle import ZERO, Operation, Oracle, Violation
from tests.sim.storage import Power, PowerCut, SimStorage
from tests.sim.toy import ToyBoard

CPYTHON_ONLY = True  # the simulator itself is no part of what runs on a board

SIZE = 64 << 10
SEEDS = 60


def nothing(*_):
    pass


class ToyWorld:
    """A host, a toy board and its twin; power fails now and then."""

    def __init__(self, seed: int, bugs: tuple):
        self.random = random.Random(seed)
        self.bugs = bugs
        self.media = [[Medium(4 << 20), Medium(SIZE)] for _ in range(2)]
        self.oracle = Oracle(SIZE)
        workload = Workload(self.random, SIZE)
        workload.operations, workload.big = 60, 0
        self.host = SimHost(self.random, self.oracle, workload, nothing, nothing)

    def run(self) -> None:
        for _ in range(3):
            self.host.left = 20
            try:
                self.live(Power(self.random.randint(1, 120)))
            except PowerCut:
                pass
            self.host.detach()
            for medium in self.media[0]:
                medium.cut(self.random)
            self.oracle.primary_recovered(self.boot(0, Power(), self.bugs).image())
            for medium in self.media[1]:
                medium.cut(self.random, LOSE)
            self.oracle.check_twin(self.boot(1, Power(), ()).image(), 0, "the twin")

    def boot(self, which: int, power, bugs) -> ToyBoard:
        return ToyBoard(*(SimStorage(medium, power, self.random) for medium in self.media[which]), bugs)

    def live(self, power) -> None:
        board = self.boot(0, power, self.bugs)
        board.connect(self.boot(1, Power(), self.bugs))
        self.host.attach(board, lambda: board.group + 1)
        while self.host.can_step:
            self.host.step()


def first_catch(*bugs: str) -> int:
    """The first seed that shows the bugs, 0 when none does."""
    for seed in range(1, SEEDS + 1):
        try:
            ToyWorld(seed, bugs).run()
        except Violation:
            return seed
    return 0


class ToyTest(unittest.TestCase):
    def test_a_sound_board_passes(self):
        self.assertEqual(first_catch(), 0)

    def test_planted_bugs_are_found(self):
        for bug in (
            "skip sync", "in place", "overlay backwards", "acknowledge early", "ship before durable",
            "lose a group", "play backwards", "no checksum",
        ):  # fmt: skip
            bugs = (bug, "skip sync") if bug == "no checksum" else (bug,)
            self.assertTrue(first_catch(*bugs), bug)


class OracleTest(unittest.TestCase):
    def setUp(self):
        self.oracle = Oracle(SIZE)

    def write(self, offset: int, length: int, group: int) -> Operation:
        operation = self.oracle.new_write(offset, length)
        self.oracle.accepted(operation, group)
        return operation

    def zero(self, offset: int, length: int, group: int) -> None:
        self.oracle.accepted(Operation(ZERO, offset, length, 0), group)

    def test_every_prefix_is_known(self):
        images = [bytes(self.oracle.current)]
        for i in range(6):
            self.write(i * 512, 2048, i)
            images.append(bytes(self.oracle.current))
        for k, image in enumerate(images):
            self.assertEqual(self.oracle.check_primary(image, "it"), k)

    def test_flushed_operations_must_be_there(self):
        before = bytes(self.oracle.current)
        self.write(0, 512, 1)
        self.oracle.flush_done(1)
        with self.assertRaises(Violation):
            self.oracle.check_primary(before, "it")

    def test_a_half_applied_write_is_no_prefix(self):
        operation = self.write(0, 2048, 1)
        image = bytearray(SIZE)
        image[:1024] = operation.data[:1024]
        with self.assertRaises(Violation):
            self.oracle.check_primary(image, "it")

    def test_half_a_group_is_no_prefix(self):
        self.write(0, 512, 1)
        image = bytes(self.oracle.current)
        self.write(512, 512, 1)
        with self.assertRaises(Violation):
            self.oracle.check_primary(image, "it")

    def test_a_mixture_is_no_prefix(self):
        self.write(0, 512, 1)
        second = self.write(512, 512, 1)
        image = bytearray(SIZE)
        image[512:1024] = second.data
        with self.assertRaises(Violation):
            self.oracle.check_primary(image, "it")

    def test_one_wrong_bit_is_seen(self):
        self.write(0, 512, 1)
        image = bytearray(self.oracle.current)
        image[300] ^= 1
        with self.assertRaises(Violation):
            self.oracle.check_primary(image, "it")

    def test_a_write_that_is_zeroed_again_hides_in_the_longest_prefix(self):
        self.write(0, 512, 1)
        blank = bytes(SIZE)
        self.zero(0, 512, 1)
        self.assertEqual(self.oracle.check_primary(blank, "it"), 2)
        self.write(0, 512, 2)
        self.assertEqual(self.oracle.check_primary(blank, "it"), 2)

    def test_lost_writes_must_stay_lost(self):
        blank = bytes(SIZE)
        lost = bytearray(SIZE)
        lost[:512] = self.write(0, 512, 1).data
        self.oracle.primary_recovered(blank)
        self.write(1024, 512, 1)
        with self.assertRaises(Violation):
            self.oracle.check_twin(lost, 0, "the twin")

    def test_the_twin_holds_what_it_acknowledged(self):
        self.write(0, 512, 1)
        image = bytes(self.oracle.current)
        self.write(512, 512, 2)
        self.assertEqual(self.oracle.check_twin(image, 1, "the twin"), 1)
        with self.assertRaises(Violation):
            self.oracle.check_twin(image, 2, "the twin")

    def test_reads_may_see_what_changed_meanwhile_and_nothing_else(self):
        first = self.write(0, 512, 1)
        second = self.write(0, 512, 1)
        self.oracle.check_read(0, first.data, 1)
        self.oracle.check_read(0, second.data, 1)
        with self.assertRaises(Violation):
            self.oracle.check_read(0, bytes(512), 1)
        with self.assertRaises(Violation):
            self.oracle.check_read(0, first.data, 2)

    def test_tags_tell_which_write_a_sector_holds(self):
        self.assertEqual(tags(payload(7, 512, 1024) + bytes(512)), [7, 7, 0])

    def test_a_process_that_died_keeps_everything(self):
        self.write(0, 512, 1)
        image = bytes(self.oracle.current)
        self.write(512, 512, 2)
        self.assertEqual(self.oracle.check_primary(image, "it"), 1)
        with self.assertRaises(Violation):
            self.oracle.check_primary(image, "it", True)
        self.assertEqual(self.oracle.check_primary(bytes(self.oracle.current), "it", True), 2)

    def undecided(self, offset: int, group: int) -> bytes:
        """A write during which the process dies; the image without it."""
        before = bytes(self.oracle.current)
        self.oracle.undecided(self.oracle.new_write(offset, 1024), group)
        return before

    def test_a_write_that_was_not_answered_is_there_or_not(self):
        for there in (False, True):
            self.setUp()
            self.write(0, 512, 1)
            image = self.undecided(0, 1)
            if there:
                image = bytes(self.oracle.current)
            self.assertEqual(self.oracle.check_twin(image, 1, "the twin"), 1 + there)
            self.assertEqual(self.oracle.primary_recovered(image, True), 1 + there)
            self.write(0, 512, 2)
            self.assertEqual(self.oracle.check_primary(image, "it"), 1 + there)

    def test_a_write_that_was_not_answered_is_never_half_there(self):
        self.write(0, 512, 1)
        image = bytearray(self.undecided(0, 1))
        image[:512] = self.oracle.current[:512]
        with self.assertRaises(Violation):
            self.oracle.primary_recovered(image, True)

    def test_numbers_of_lost_groups_are_given_anew(self):
        self.write(0, 512, 1)
        self.zero(4096, 512, 2)  # changes nothing, and is lost
        image = bytes(self.oracle.current)
        self.oracle.log_ends(1)
        self.oracle.primary_recovered(image)
        self.write(8192, 512, 2)
        self.assertEqual(self.oracle.check_primary(image, "it"), 2)
