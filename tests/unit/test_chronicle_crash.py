"""The chronicle's file when power goes: at every single call of the storage, with the last writes lost or torn."""

import sys
import unittest

from firmware.status.chronicle import keeper as keeper_module
from firmware.status.chronicle.archive import Archive
from firmware.status.chronicle.diary import Diary
from firmware.status.chronicle.layout import MINUTES, SAMPLES, SECONDS, Sample
from firmware.status.events import Events
from tests.unit.fakes_chronicle import Card, Dice
from tests.unit.fakes_storage import drive

SLOW = sys.implementation.name == "micropython"
CAPACITY = {SECONDS: 3600 + SAMPLES, MINUTES: 10080 + SAMPLES}
STEP = {SECONDS: 1, MINUTES: 60}
BASE = {SECONDS: 1000000, MINUTES: 2000000000}


def expected(kind, number):
    return Sample(BASE[kind] + number * STEP[kind], number * 7, number * 3, number, number + 1, STEP[kind])


def told(number):
    return "event %d %s" % (number, "x" * (number * 37 % 200))


class Cut(Exception):
    """Power went."""


class Run:
    """Bursts as the chronicle makes them, but thirty times as fast; checks what is found after each cut."""

    def __init__(self, seed):
        self.random = Dice(seed)
        self.card = Card()
        self.cuts = 0
        self.every = 1
        self.calls = 0
        self.begin(drive_archive(self.card))

    def begin(self, found):
        """From what was found in the file on."""
        self.archive, memory = found
        self.seconds, self.minutes = memory.seconds, memory.minutes
        its = memory.recollection
        self.events = Events(lambda: 0)
        last = its.events[-1].id if its.events else 0
        self.events.begin(its.events, last + 1, 0)
        self.diary = Diary(self.events)
        self.diary.begin(its.event_tail, last)

    def happen(self, seconds, minutes, events):
        for series, count in ((self.seconds, seconds), (self.minutes, minutes)):
            for _ in range(count):
                series.add(expected(series.kind, series.end))
        for _ in range(events):
            self.events.note(told(self.next_event()))

    def next_event(self):
        entries = self.events.since(0)
        return entries[-1].id + 1 if entries else 1

    def burst(self):
        due = [self.seconds.due_pages(3), self.minutes.due_pages(3), self.diary.due_pages(2)]
        drive(self.archive.write(due[0] + due[1] + due[2]))
        for owner, pages in zip((self.seconds, self.minutes, self.diary), due):
            for page in pages:
                owner.wrote(page)

    def watch(self, call):
        """A call of the storage comes: what if power went now?"""
        self.calls += 1
        if self.calls % self.every == 0:
            self.cuts += 1
            self.check(self.card.after(self.random))

    def check(self, content):
        _, memory = drive_archive(Card(content=content))
        for mine, found in ((self.seconds, memory.seconds), (self.minutes, memory.minutes)):
            if found.kind == MINUTES:
                self.forget_made_up(found)
            assert mine.kept <= found.end <= mine.end, (mine.kept, found.end, mine.end)
            number, last = max(found.begin, mine.begin), min(found.end, mine.kept)
            while number < last:
                at = found.place(number)
                count = min(last - number, found.capacity - number % found.capacity) * 32
                assert found.ring[at : at + count] == mine.ring[at : at + count], (found.kind, number)
                number += count // 32
            for number in range(max(mine.kept, mine.begin), found.end):
                at = found.place(number)
                here = found.ring[at : at + 32]
                assert here == mine.ring[at : at + 32] or not any(here), (found.kind, number)
        self.check_events(memory)

    def forget_made_up(self, minutes):
        """While no minutes came to the card yet, they are made of the seconds."""
        while minutes.end and 0 < minutes.sample(minutes.end - 1).time_s < BASE[MINUTES]:
            minutes.end -= 1

    def check_events(self, memory):
        kept = [event.id for event in memory.recollection.events]
        assert kept[-1:] >= [self.diary.kept] or not self.diary.kept, (kept[-1:], self.diary.kept)
        assert kept == list(range(kept[0], kept[0] + len(kept))) if kept else True, "a gap"
        assert len(kept) >= min(self.diary.kept, 700)
        for event in memory.recollection.events:
            assert event.sentence == told(event.id), event.id


def drive_archive(card):
    archive = Archive(lambda: card)
    return archive, drive(archive.read(True))[0]


class Cuts(unittest.TestCase):
    def play(self, seed, bursts, every):
        run = Run(seed)
        run.every = every
        run.card.watch = run.watch
        for number in range(bursts):
            run.happen(100 + run.random(25) + (150 if run.random(9) == 0 else 0), run.random(126), run.random(12))
            run.burst()
        run.check(run.card.bytes)
        self.assertTrue(run.cuts > bursts // every)
        return run

    def test_at_every_call(self):
        run = self.play(1, 130, 23 if SLOW else 1)
        self.assertTrue(run.seconds.end > CAPACITY[SECONDS] * 2)  # all rings have gone round

    def test_a_page_over_the_only_copy_is_found(self):
        """The check itself: a keeper that writes the growing page in place loses what it held."""

        class InPlace(keeper_module.Shelf):
            def victim(self, busy):
                newest = None
                for index, slot in enumerate(self.slots):
                    if slot.first is not None and (newest is None or slot.sequence > self.slots[newest].sequence):
                        newest = index
                return keeper_module_shelf.victim(self, busy) if newest is None or newest in busy else newest

        keeper_module_shelf = keeper_module.Shelf
        keeper_module.Shelf = InPlace
        try:
            with self.assertRaises(AssertionError):
                self.play(2, 20, 1)
        finally:
            keeper_module.Shelf = keeper_module_shelf

    def test_one_cut_after_the_other(self):
        """What a cut left is what the next run goes on with."""
        run = Run(3)
        for number in range(12 if SLOW else 120):
            left = run.random(5)

            def watch(call, run=run):
                if run.fuse == 0:
                    raise Cut
                run.fuse -= 1

            run.fuse = left
            run.card.watch = watch
            try:
                for _ in range(3):
                    run.happen(100 + run.random(25), run.random(60), run.random(12))
                    run.burst()
            except Cut:
                pass
            run.card.watch = None
            content = run.card.after(run.random)
            run.check(content)
            run.card = Card(content=content)
            run.begin(drive_archive(run.card))
        self.assertTrue(run.seconds.end > 100)

    def test_while_the_file_is_new(self):
        for seed in range(8):
            for fuse in range(3):
                card = Card()
                left = [fuse]

                def watch(call, left=left):
                    if not left[0]:
                        raise Cut
                    left[0] -= 1

                card.watch = watch
                try:
                    drive_archive(card)
                except Cut:
                    pass
                again = Card(content=card.after(Dice(seed)))
                _, memory = drive_archive(again)
                self.assertEqual((memory.seconds.end, memory.recollection.damaged), (0, 0))


if __name__ == "__main__":
    unittest.main()
