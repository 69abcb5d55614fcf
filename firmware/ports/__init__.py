"""The only place that knows the runtime: files, devices, serial lines, sockets, threads, clock, signals, randomness."""

from .connect import Listener, dial
from .daytime import local_minute
from .files import clock_is_set, create_file, exists, free_bytes, is_device, remove_file
from .keys import open_keyring, open_keys, start_exchange
from .lanes import InlineLane
from .loop import Loop
from .runtime import Aio, ProcessLane, ThreadLane, notify, signals, system
from .serial import open_serial
from .storage import FileStorage

catch_signals = signals.catch
now_ms = system.now_ms
wall_ms = system.wall_ms
random_bytes = system.random_bytes
service_manager = notify.manager
shared_memory = system.shared_memory

__all__ = [
    "Aio",
    "FileStorage",
    "InlineLane",
    "Listener",
    "Loop",
    "ProcessLane",
    "ThreadLane",
    "catch_signals",
    "clock_is_set",
    "create_file",
    "dial",
    "exists",
    "free_bytes",
    "is_device",
    "local_minute",
    "now_ms",
    "open_keyring",
    "open_keys",
    "open_serial",
    "random_bytes",
    "remove_file",
    "service_manager",
    "shared_memory",
    "start_exchange",
    "wall_ms",
]
