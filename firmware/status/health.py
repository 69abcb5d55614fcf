"""What the sensors of a board tell, as the snapshot shows it: null where nobody tells."""

UNKNOWN = {
    "temperature_c": None,  # of the processor, degrees Celsius
    "under_voltage": None,  # True while the power supply gives too little, or did a moment ago
    "card": {"used_percent": None, "written_bytes": None},  # its own estimate of its life; bytes journaled in its life
    "disk": {"ok": None, "sentence": None},  # what the disk's own watch over itself (SMART) says
}
