"""Keeps what a quota's day has used where it survives a restart. What it cannot keep is an alarm, and links go on."""

_PATIENCE_S = 2.0  # with a card that hangs, at the end


class QuotaBook:
    """`pace` is the board's, `lane` runs a ports.quotafile.QuotaFile, `alarm(sentence)` is told what is wrong, or "".

    `record`, `error`: what its read() gave, before any link came up: what is used up must not be given away first.
    """

    def __init__(self, pace, lane, alarm, record, error):
        self._pace = pace
        self._lane = lane
        self._alarm = alarm
        self._busy = False  # one job at a time; of those that come meanwhile the last one counts
        self._next = None
        pace.keep = self._keep
        alarm("" if error is None else "%s; today's quota is counted anew" % error)
        if record is not None:
            pace.restore(record)

    def _keep(self, record: tuple) -> None:
        self._next = record
        if not self._busy:
            self._go_on()

    def _go_on(self) -> None:
        record, self._next = self._next, None
        self._busy = record is not None
        if self._busy:
            self._lane.submit(self._written, "write", record)

    def _written(self, result, error) -> None:
        self._alarm("" if error is None else "%s; a restart would count today's quota anew" % error)
        self._go_on()

    def close(self) -> None:
        """The board has stopped: what was used is written down exactly."""
        self._pace.close()
        if self._next is not None:  # nobody is told any more when the job before it ends
            self._lane.submit(_nobody, "write", self._next)
        self._lane.close(_PATIENCE_S)


def _nobody(result, error) -> None:
    pass
