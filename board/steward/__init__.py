"""The process of sosie.service: finds the disk, writes board.conf, runs the firmware, and says why when that cannot be.

    __main__.py    the supervisor: one child at a time, the firmware or the stand-in
    machine.py     the paths that it knows, below a root that tests replace
    disks.py       which disks are attached, which of them is meant
    memory.py      which disk and which journal belong to this card
    judge.py       what stands in sosie.conf and on the machine, made into a board.conf, or one sentence why not
    child.py       a process of ours: how it is started, what it said last, how it ends
    standin.py     console, USB serial port and page of a board that cannot run
"""
