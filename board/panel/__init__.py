"""What a board has at its front: lights, a button, a small display. None of it is needed, each is off by one line.

    panel.py        the surface: brings the three together; firmware/surfaces.py makes it
    patterns.py     which pattern the lights show, decided by the snapshot; how each blinks
    lights.py       what the lights show at a moment: the pattern, or an answer to the button
    button.py       what a finger means: debounced samples in, gestures out
    hand.py         what a gesture does: another screen; promote or stop, when it was confirmed
    screens.py      what the display says, as lines of text, in the language of the board
    viewer.py       which screen is shown, how bright; asleep nothing burns in, and no alarm is ever hidden
    draw.py         a screen as a picture of 128x64; letters.py: its letters
    device.py       one piece of hardware in a lane of its own: missing, hanging and coming back
    gpio.py         the interface of RPi.GPIO: from that module, or by libgpiod (chardev.py)
    wires.py        lights and button on GPIO; led.py: the activity LED of the board; oled.py: the display
    card.py         the patterns as a card to print; pictures.py: the screens as pictures

`python -m board.panel card` prints the card, `python -m board.panel pictures FOLDER` makes the pictures.
"""
