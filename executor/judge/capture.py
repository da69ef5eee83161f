"""What is kept of an output stream: its beginning, and whether certain words were in it."""

import codecs
from collections.abc import Collection


class Capture:
    """Keeps the first bytes of a stream, and looks for texts in all of it."""

    def __init__(self, keep_bytes: int, texts: Collection[str] = ()) -> None:
        self._keep = keep_bytes
        self._kept = bytearray()
        self._texts = [text.encode() for text in texts]
        self._overlap = max((len(text) - 1 for text in self._texts), default=0)
        # As if a line had ended before, so that "\\nError" is found at the very beginning too.
        self._tail = b"\n"
        self.truncated = False
        self.found = False

    def feed(self, chunk: memoryview) -> None:
        """Takes the next bytes, which are valid during the call only."""
        room = self._keep - len(self._kept)
        self._kept += chunk[:room]
        self.truncated = self.truncated or len(chunk) > room
        if self._texts and not self.found:
            window = self._tail + chunk
            self.found = any(text in window for text in self._texts)
            self._tail = window[-self._overlap :] if self._overlap else b""

    def text(self) -> str:
        """What was kept, as UTF-8; a character that the cut broke is left out."""
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        return decoder.decode(self._kept, final=not self.truncated)
