"""What is wrong now, in sentences for the person who looks after the board."""


class Alarms:
    """Alarms by name: raising one again replaces its sentence, clearing takes it away."""

    def __init__(self):
        self._raised = []

    def set(self, name: str, sentence: str) -> None:
        """Raises the alarm `name`, or clears it with an empty sentence."""
        self._raised = [alarm for alarm in self._raised if alarm[0] != name]
        if sentence:
            self._raised.append((name, sentence))

    def sentences(self) -> list:
        """The sentences, oldest first."""
        return [sentence for _, sentence in self._raised]
