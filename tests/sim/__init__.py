"""The deterministic simulator: the whole pair in one process and one thread, from one printed seed.

`python3 -m tests.sim --seeds 2000` runs many seeds and says what they covered; `--seed 681 --verbose` tells
the whole story of one. `python3 -m tests.sim.mutants` plants bugs and says which seed finds each.

A seed draws a Plan (plan.py): sizes, speeds, settings, which misfortunes may happen. The World (world.py)
holds two SimBoards (board.py: the real firmware on Media that lose power), a wire, a host and the Oracle,
and picks what happens next, one storage call or one piece of a stream at a time. chaos.py makes power
fail, checks.py asks the oracle.
"""
