"""Random weather: conditions come and go, receivers are away, hang and refuse, the board is restarted at any moment.

Each receiver is followed by an oracle: what it hears of a condition begins with `fired`, goes on with `worse` and
`reminder`, and ends with `resolved`; `passed` comes only between that. When all is calm and everybody is there, each
knows what is so.
"""

import unittest

from tests.unit.dice import Dice
from tests.unit.fakes_alerts import HOUR, MINUTE, Rig, unreachable, unwanted

LINES = {
    "alert_webhook": "http://127.0.0.1:9/a, http://127.0.0.1:9/b",
    "alert_mail": "me@x.example via 127.0.0.1 from b@x.example",
}
NAMES = ("no_link", "behind", "storage", "fenced", "temperature")


class Listener:
    """What one receiver has heard of each condition."""

    def __init__(self):
        self.open = {}  # condition -> level
        self.heard = 0

    def hear(self, event, name, level):
        self.heard += 1
        told = name in self.open
        if event == "fired":
            assert not told, "fired again: " + name
            self.open[name] = level
        elif event == "worse":
            assert self.open.get(name) is not None, "worse, but never told: " + name
            self.open[name] = level
        elif event == "reminder":
            assert told and level == "critical", "a reminder of nothing: " + name
        elif event == "resolved":
            assert told, "resolved, but never told: " + name
            del self.open[name]
        else:
            assert event == "passed" and not told, event + " " + name


class World:
    def __init__(self, seed):
        self.dice = Dice(seed)
        self.rig = Rig(LINES)
        self.listeners = {}
        self.hook()

    def hook(self):
        self.rig.post.settle = self.settle
        self.rig.post.by_hand = True

    def settle(self, job):
        place, letter, done = job
        error = self.rig.post.away.get(place.key)
        if error is None:
            notice = letter.notice
            self.listener(place).hear(notice.event, notice.name, notice.level)
        done(error, "")

    def listener(self, place):
        if place.key not in self.listeners:
            self.listeners[place.key] = Listener()
        return self.listeners[place.key]

    def step(self):
        dice, rig = self.dice, self.rig
        pick = dice.below(13)
        if pick < 6:
            name = dice.choice(NAMES)
            if dice.below(2):
                rig.put(name, dice.choice(("warning", "critical")))
            else:
                rig.clear(name)
        elif pick < 8:
            key = dice.choice(rig.alerts.channels).place.key
            rig.post.away[key] = dice.choice((None, unreachable(), unwanted()))
        elif pick == 8:
            rig.status["link"]["held_bytes"] = dice.below(2)
        elif pick == 9:
            self.restart()
            rig = self.rig
        elif pick == 10:
            rig.status["unknown"] = [name for name in NAMES if dice.below(2)]
        before = self.doubtful()
        rig.wait(1000 * (1 + dice.below(dice.choice((5, 90, 1200)))), 5000 if pick % 2 else 1000)
        assert before <= set(rig.alerts.standing), "over, though nobody can know: %s" % sorted(before)
        if dice.below(5):
            rig.post.run()

    def doubtful(self):
        """What stands and cannot be looked at now."""
        there = {each["name"] for each in self.rig.status["conditions"]}
        return (set(self.rig.status["unknown"]) - there) & set(self.rig.alerts.standing)

    def restart(self):
        """The board is killed. It never learns whether what was on its way arrived, and so goes on as if it had not:
        that one notice may be heard twice."""
        away, status = self.rig.post.away, self.rig.status
        self.rig = self.rig.restarted(LINES)
        self.rig.post.away, self.rig.status = away, status
        self.hook()

    def calm(self, ms):
        for _ in range(ms // 5000):
            self.rig.wait(5000, 5000)
            self.rig.post.run()


class Storms(unittest.TestCase):
    def test_everybody_is_told_once(self):
        heard = 0
        for seed in range(3):
            heard += self.storm(seed * 7919 + 5)
        self.assertTrue(heard > 120, heard)

    def storm(self, seed):
        world = World(seed)
        for _ in range(150):
            world.step()
        rig = world.rig
        rig.post.away.clear()
        rig.status["link"]["held_bytes"] = 0
        rig.status["unknown"] = []
        world.calm(90 * MINUTE)  # the longest pause of a receiver that refused
        for key, listener in world.listeners.items():
            left = {name: level for name, level in listener.open.items() if name in rig.alerts.standing}
            self.assertEqual(sorted(left), sorted(rig.alerts.standing), "%d: %s" % (seed, key))
        rig.status["conditions"] = []
        world.calm(4 * HOUR)
        self.assertEqual(rig.alerts.standing, {})
        for key, listener in world.listeners.items():
            self.assertEqual(listener.open, {}, "%d: %s" % (seed, key))
        for channel in rig.alerts.channels:
            self.assertEqual((channel.told, channel.passed), ({}, {}))
        return sum([listener.heard for listener in world.listeners.values()])
