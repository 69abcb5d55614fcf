"""What must be done as root at every boot, before anything else of the board runs.

    __main__.py   all steps in their order; what goes wrong is a sentence for the surfaces, never the end of the boot
    machine.py    the machine: paths below a root that tests replace, programs that are run
    card.py       which disk is the card that this system runs from, and its parts
    table.py      the card's partition table: its bytes, and who gets how much
    first.py      the first boot: makes the state partition and the rings
    folders.py    mounts and folders of what persists
    anew.py       the file start-anew on the card
    keys.py       takes the keys from the card into the state
    network.py    renders what sosie.conf says of the network
"""
