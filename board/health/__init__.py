"""How a board is: temperature, voltage of its supply, the life of its card, what its disk says of itself.

`sensors.py` reads what the kernel tells in /sys; `smart.py` asks the disk, as root and by a timer, and leaves
the answer where the firmware may read it; `verdict.py` says what that means; `watch.py` brings it all to the board.
"""
