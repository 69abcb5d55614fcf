"""Updates of the whole system: RAUC writes the other slot, GRUB tries it once, and we keep it or are back.

What makes an update safe is small and stands in three places. The boot loader's `trial` (bootchoice.py) is used up
before the new slot gets the processor, so that whatever goes wrong there, the next boot is the old slot. The installer
(install.py) lets go of the bundle before it asks for the trial, so that a board on trial never finds work that would
overwrite the slot it may have to come back to. And the new slot becomes the one that is booted only when it has served
its disk for a while (confirm.py).
"""
