"""An answer without an end: its pieces come from a source for as long as the client listens.

    begin(wake)   it may be asked from now on; wake() when there is something new
    waiting       whether next() would give something
    next()        the next piece, to be sent whole; None: nothing for now
    over          whether nothing more will come
    lost()        nobody listens any more; called once, whoever ended it
"""

from firmware.httpd.answer import Answer


class Stream(Answer):
    """Answers with what `source` gives, as `content_type`."""

    def __init__(self, source, content_type: str, headers: tuple = ()):
        Answer.__init__(self, 200, b"", content_type, headers)
        self.source = source

    def length_lines(self) -> list:
        return []  # it ends when the connection does
