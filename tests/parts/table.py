"""The parts of `make test`: what each runs, how long it may take, what must be there for it."""

import os
import sys

PYTHON = sys.executable
PYTEST = [PYTHON, "-m", "pytest", "-q"]
SEEDS = os.environ.get("SEEDS", "2000")
INTERPRETER = "tests/micropython/interpreter"


class Part:
    """One part: `argv` run in the root of the checkout, for at most `limit_s`; `needs` is a path it cannot do without.
    The limit ends what hangs: it is twice what the part takes on a quiet machine, or more.

    `alone`: it measures or watches time, so nothing else runs beside it.
    """

    def __init__(self, name, argv, limit_s, needs, alone=False):
        self.name = name
        self.argv = argv
        self.limit_s = limit_s
        self.needs = needs
        self.alone = alone


def tests(name, limit_s, *more, alone=False):
    return Part(name, PYTEST + ["tests/" + name, *more], limit_s, "tests/%s" % name, alone)


# Two run at a time, in this order: the long ones first, those that need quiet last.
PARTS = [
    Part("sim", [PYTHON, "-m", "tests.sim", "--seeds", SEEDS], 1800, "tests/sim/__main__.py"),
    # The transport alone, then the whole disk in virtual machines.
    Part("usb", PYTEST + ["tests/usb", "tests/vm"], 5400, "tests/vm"),
    tests("image", 5400),
    tests("style", 180, "tests/parts"),
    tests("unit", 600),
    Part("unit-micropython", ["sh", "-c", 'exec "$(%s)" -X heapsize=192M tests/micropython/run_unit.py' % INTERPRETER],
         1200, "tests/micropython/run_unit.py"),
    tests("tools", 1200),
    tests("board", 600),
    tests("flash", 600),
    tests("image_recipe", 900),
    tests("fuzz", 900),
    Part("mutants", [PYTHON, "-m", "tests.sim.mutants"], 1800, "tests/sim/mutants.py"),
    tests("clients", 420),
    tests("scsi", 600),
    tests("process", 3600),
    tests("page", 1800),
    tests("prometheus", 600),
    tests("micropython", 600),
    tests("ports", 600, alone=True),
    Part("demo", ["tools/sosie", "demo"], 600, "tools/sosie", alone=True),
]


def named(name):
    return next(part for part in PARTS if part.name == name)
