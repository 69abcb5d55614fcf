"""How often somebody at a place gave a wrong password lately, and how long he has to wait for the next guess."""

FREE = 3  # wrong passwords in a row that cost nothing: people mistype
FIRST_MS, LONGEST_MS = 1000, 60000
FORGET_MS = 600000
MOST = 256  # places that are remembered


class Guesses:
    """Wrong guesses by place; times are monotonic milliseconds."""

    def __init__(self):
        self._places = {}  # place -> (guesses, when the last one was wrong)

    def pause_ms(self, place: str, now_ms: int) -> int:
        """How long a guess from `place` has to wait; 0: not at all."""
        count, last_ms = self._places.get(place, (0, 0))
        if count < FREE:
            return 0
        pause_ms = min(LONGEST_MS, FIRST_MS << min(count - FREE, 16))
        return max(0, last_ms + pause_ms - now_ms)

    def wrong(self, place: str, now_ms: int) -> int:
        """A guess was wrong; how many that makes."""
        count, last_ms = self._places.get(place, (0, 0))
        if now_ms - last_ms > FORGET_MS:
            count = 0
        if place not in self._places and len(self._places) >= MOST:
            self._forget_one()
        self._places[place] = (count + 1, now_ms)
        return count + 1

    def right(self, place: str) -> None:
        """Somebody there knows the password."""
        self._places.pop(place, None)

    def _forget_one(self) -> None:
        oldest = min(self._places, key=lambda place: self._places[place][1])
        del self._places[oldest]
