"""Finds out what is missing among the records that arrive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tradewind_frames import Records, SequenceGap, TokenGap


class ContinuityCheck:
    """Follows the sequence of each feed, and the ordinals of each of its tokens."""

    def __init__(self) -> None:
        self._sequences: dict[int, int] = {}  # The last one, by source.
        self._ordinals: dict[tuple[int, int], int] = {}  # The next one, by source and token.

    def gaps_before(self, batch: Records, gets_everything: bool) -> Sequence[SequenceGap | TokenGap]:
        """What is missing before or within a batch.

        A feed's sequence goes over all tokens, so it tells something only to who gets everything.
        """
        if 0 < batch.records[0].sequence <= self._sequences.get(batch.source, 0):
            self._forget(batch.source)
        sequence_gaps, token_gaps = list(self._sequence_gaps(batch)), list(self._token_gaps(batch))
        return sequence_gaps if gets_everything else token_gaps

    def forget_tokens(self) -> None:
        """Expects nothing of the next records of any token."""
        self._ordinals.clear()

    def _forget(self, source: int) -> None:
        """A feed was started anew and counts from the beginning."""
        del self._sequences[source]
        self._ordinals = {key: ordinal for key, ordinal in self._ordinals.items() if key[0] != source}

    def _sequence_gaps(self, batch: Records) -> Iterator[SequenceGap]:
        for record in batch.records:
            last = self._sequences.get(batch.source, record.sequence)
            if record.sequence > last + 1:
                yield SequenceGap(batch.source, last + 1, record.sequence - last - 1)
            if record.sequence > 0:
                self._sequences[batch.source] = record.sequence

    def _token_gaps(self, batch: Records) -> Iterator[TokenGap]:
        if batch.ordinal is None:
            return
        key = (batch.source, batch.token)
        missing = (batch.ordinal - self._ordinals.get(key, batch.ordinal)) % 65_536
        self._ordinals[key] = (batch.ordinal + len(batch.records)) % 65_536
        if missing > 0:
            yield TokenGap(batch.token, batch.source, missing)
