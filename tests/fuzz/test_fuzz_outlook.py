"""The forecast of the lag against a simulation that goes second by second."""

from collections import deque

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from firmware.status.outlook import END_S, STEP_S, STEPS, outlook

PLENTY = 1 << 50


class Brute:
    """One second after the other. What comes in a second may go in it."""

    def __init__(self, writes, ratio, line, caps, quota, backlog, oldest_s, room):
        self.sizes, self.lag_s, self.full_s = [], 0, None
        left = None if quota is None else quota[0]
        queue, size = deque(), backlog
        for age in range(oldest_s if backlog else 0, 0, -1):
            queue.append([-age, backlog / oldest_s])
        if backlog and not oldest_s:
            queue.append([0, backlog])
        caps = dict(caps)
        for now in range(END_S):
            if quota is not None and now in quota[2]:
                left = quota[1]
            if now in caps:
                speed = min(caps[now] / 8 or 1e15, line or 1e15) / ratio
            count = speed
            inflow = writes[now // STEP_S]
            if left is not None:
                count = min(count, left / ratio)
            count = min(count, size + inflow)
            if queue:
                self.lag_s = max(self.lag_s, now - queue[0][0])
            if size + inflow - count > max(room, backlog):
                self.full_s = now if self.full_s is None else self.full_s
                inflow = max(0, max(room, backlog) + count - size)
            if inflow:
                queue.append([now, inflow])
            size += inflow - count
            if size < 1e-3:
                queue.clear()  # what rounding leaves would wait for ever
            left = None if left is None else left - count * ratio
            while queue and count >= queue[0][1] - 1e-6:
                count -= queue.popleft()[1]
            if queue:
                queue[0][1] -= max(0, count)
                self.lag_s = max(self.lag_s, now + 1 - queue[0][0])
            self.sizes.append(size)


amounts = st.sampled_from((0, 0, 137, 5003, 90001, 2000003))
caps = st.lists(st.tuples(st.integers(1, END_S), st.sampled_from((0, 9600, 64000, 2000000))), max_size=4)
days = st.tuples(
    st.integers(0, 1 << 34), st.integers(0, 1 << 34), st.lists(st.integers(1, END_S), min_size=1, max_size=2)
)


@settings(max_examples=40, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(
    st.lists(st.tuples(amounts, st.integers(1, STEPS)), min_size=1, max_size=5),
    st.sampled_from((0.3, 1.0, 1.1)),
    st.sampled_from((0, 1000, 100000)),
    caps,
    st.none() | days,
    st.integers(0, 1 << 33),
    st.integers(0, 5000),
    st.sampled_from((PLENTY, 1 << 30, 1 << 24)),
)
def test_second_by_second(pieces, ratio, line, later, quota, backlog, oldest_s, room):
    writes = [amount for amount, count in pieces for _ in range(count)]
    writes = (writes * STEPS)[:STEPS]
    later = [(0, later[0][1] if later else 0)] + sorted(dict(later).items())
    seen = outlook(writes, ratio, line, later, quota, backlog, oldest_s, room)
    brute = Brute(writes, ratio, line, later, quota, backlog, oldest_s, room)
    slack = 3 * max(writes) + 10  # bytes that come while a second is not over
    note = (vars(seen), brute.lag_s, brute.full_s)
    assert abs(seen.lag_s - brute.lag_s) <= 4 or brute.lag_s <= 4, note
    behind = [second for second, size in enumerate(brute.sizes) if size <= slack]
    if seen.caught_up_s is None:
        assert min(brute.sizes) > 0 or seen.lag_s < 4, note
    else:
        at = int(seen.caught_up_s) + 2
        assert not backlog or behind[0] <= seen.caught_up_s + 2, note
        assert at >= END_S or brute.sizes[at] <= slack + backlog * 1e-9, note
    if seen.full_s is None:
        assert brute.full_s is None or max(brute.sizes) <= max(room, backlog) + slack, note
    elif seen.full_s < END_S - 3:
        assert max(brute.sizes) >= max(room, backlog) - slack, note
