"""The disk on the USB port: a gadget of two functions, our disk through FunctionFS and the kernel's serial port.

    disk.py         puts all of these together, with the transport and SCSI of firmware/host
    legacy.py       what a process leaves to the next: the files of the gadget, the memory with unflushed writes
    medium.py       shows a medium that came to a host that does not look
    voice.py        what is there instead while the board has no disk to show: the console and why
    port.py         which controller a board has, and whether its gadget is made or lent
    lent.py         a gadget that root has made (prepare.py) for a board without privileges
    gadget.py       makes and removes the gadget in configfs, mounts FunctionFS
    descriptors.py  what the disk's function says of itself
    control.py      ep0: events of the bus, class and vendor requests
    endpoints.py    ep1 and ep2: the data
    controller.py   which USB device controller (UDC) of the machine to use
    paths.py        where the kernel shows all this
    system.py       the few operations on files that the gadget is made of
"""
