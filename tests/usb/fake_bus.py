"""A USB bus in this process: `tools.usb.wire` at the host's end, the endpoints of firmware/host/bot.py at the other.

It knows packets: a transfer to the host ends with a short one, a request of the device ends with a short one or when
it is full, and one that is too small for a packet fails. Nothing takes time: a host that nobody answers is told so
when the device has nothing left to do.
"""

from tools.usb.bulk_only import CLASS_IN, CLASS_OUT, GET_MAX_LUN, RESET_REQUEST
from tools.usb.wire import BABBLE, FULL, IN, NOTHING, OUT, SHORT, STALL, Wire

_HALT = None  # among the transfers to the host


class _Request:
    """One transfer of the device: `data` with `count` bytes done; it wants to know the end if it `is_watched`."""

    def __init__(self, data, is_watched=True):
        self.data, self.count, self.is_watched = data, 0, is_watched

    @property
    def room(self) -> int:
        return len(self.data) - self.count


class FakeEndpoints:
    """What a device has. Its `bot` is told of ends of transfers when it is not at work itself."""

    def __init__(self):
        self.bot = None
        self._new_ins, self._new_outs = [], []
        self.ins, self.outs, self._ends = [], [], []
        self.halted = {IN: False, OUT: False}
        self.wedged = False  # a halt that the host cannot clear

    def receive(self, view) -> None:
        assert len(view), "a request for nothing"
        self._new_outs.append(_Request(view))

    def send(self, view, is_watched: bool = True) -> None:
        self._new_ins.append((view, is_watched))

    def submit(self) -> None:
        """The kernel copies at this moment what goes to the host."""
        self.ins += [_Request(bytes(view), is_watched) for view, is_watched in self._new_ins]
        self.outs += self._new_outs
        self._new_ins, self._new_outs = [], []

    def halt(self) -> None:
        self.halt_in()
        self.halt_out()

    def halt_in(self) -> None:
        """Takes effect when everything before it is with the host."""
        self.submit()
        self.ins.append(_HALT)

    def halt_out(self) -> None:
        self.halted[OUT] = True

    def drop(self) -> None:
        self._new_ins, self._new_outs = [], []
        self.ins, self.outs, self._ends = [], [], []

    # the bus's side

    def ended(self, report, count: int) -> None:
        self._ends.append((report, count))

    def deliver(self) -> bool:
        """Tells the device of the oldest end that it does not know yet; False when there is none."""
        if not self._ends:
            return False
        report, count = self._ends.pop(0)
        report(count)
        return True


class FakeBus(Wire):
    """The bus between `endpoints` and a host. `device`: has session(max_packet), reset(), max_lun and the endpoints'
    reports. `work`: functions that let others of the device do something, True when they did."""

    def __init__(self, max_packet: int = 512):
        self.max_packet = max_packet
        self.endpoints = FakeEndpoints()
        self.device = None
        self.work = [self.endpoints.deliver]
        self.calls = 0

    def plug(self, device) -> "FakeBus":
        self.device = self.endpoints.bot = device
        device.session(self.max_packet)
        return self

    def _settle(self) -> None:
        while any(each() for each in self.work):
            pass

    def bulk_out(self, data, timeout_ms):
        self.calls += 1
        ends, view, moved = self.endpoints, memoryview(data), 0
        while moved < len(view) or not len(view):
            self._settle()
            if ends.halted[OUT]:
                return moved, STALL
            if not ends.outs:
                return moved, NOTHING
            packet = view[moved : moved + self.max_packet]
            moved += len(packet)
            self._arrives(packet)
            if not len(view):
                break
        self._settle()
        return moved, FULL

    def _arrives(self, packet) -> None:
        ends = self.endpoints
        request = ends.outs[0]
        if len(packet) > request.room:
            ends.outs.pop(0)
            ends.ended(self.device.lost, False)
            return
        request.data[request.count : request.count + len(packet)] = packet
        request.count += len(packet)
        if not request.room or len(packet) < self.max_packet:
            ends.outs.pop(0)
            ends.ended(self.device.received, request.count)

    def bulk_in(self, length, timeout_ms):
        self.calls += 1
        got, ending = bytearray(), None
        while ending is None:
            ending = self._leaves(got, length)
        self._settle()
        return bytes(got), ending

    def _leaves(self, got: bytearray, length: int):
        """One packet more in `got`; how the transfer ends by it, None when it does not."""
        self._settle()
        ends = self.endpoints
        if ends.halted[IN]:
            return STALL
        if not ends.ins:
            return NOTHING
        if ends.ins[0] is _HALT:
            ends.ins.pop(0)
            ends.halted[IN] = True
            return STALL
        request = ends.ins[0]
        packet = request.data[request.count : request.count + self.max_packet]
        request.count += len(packet)
        if not request.room:
            ends.ins.pop(0)
            if request.is_watched:
                ends.ended(self.device.sent, request.count)
        if len(got) + len(packet) > length:
            return BABBLE
        got += packet
        if len(got) == length:
            return FULL
        return SHORT if len(packet) < self.max_packet else None

    def clear_halt(self, direction):
        if not self.endpoints.wedged:
            self.endpoints.halted[direction] = False

    def halt(self, direction):
        self.endpoints.halted[direction] = True
        return True

    def control(self, request_type, request, value, index, data_or_length):
        self._settle()
        if (request_type, request) == (CLASS_OUT, RESET_REQUEST):
            self.device.reset()
            self._settle()
            return b""
        if (request_type, request) == (CLASS_IN, GET_MAX_LUN):
            answer = self.device.max_lun
            return answer if isinstance(answer, bytes) else bytes([answer])[:data_or_length]
        return None

    def reset(self):
        ends = self.endpoints
        ends.drop()
        ends.halted = {IN: False, OUT: False}
        ends.wedged = False
        self.device.session(self.max_packet)
        self._settle()
