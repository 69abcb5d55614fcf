"""--onto IMAGE: the firmware laid onto a system that somebody has, in a copy of its image.

    system.py   what the image must be, and where its parts are
    lay.py      what is put into its root
"""
