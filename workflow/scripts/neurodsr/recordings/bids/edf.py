"""EDF and BDF files with interruptions, which MNE would join as if there were none."""

from itertools import pairwise
from pathlib import Path

from neurodsr.errors import RecordingError

SAMPLE_BYTES = {b"EDF+D": 2, b"BDF+D": 3}
PER_SIGNAL = 216  # bytes of a signal's header fields before its number of samples


def require_uninterrupted(path: Path) -> None:
    """Refuse an EDF+ or BDF+ file whose data records do not follow each other in time.

    Kemp B, Olivan J (2003). European data format 'plus' (EDF+), Clinical Neurophysiology 114:1755.

    Raises
    ------
    RecordingError
    """
    with path.open("rb") as stream:
        header = stream.read(256)
        size = SAMPLE_BYTES.get(header[192:197])
        if size is None:
            return
        try:
            records, lasts, signals = (
                int(header[236:244]),
                float(header[244:252]),
                int(header[252:]),
            )
            fields = stream.read(256 * signals)
            labels = [fields[16 * i : 16 * i + 16].strip() for i in range(signals)]
            counts = fields[PER_SIGNAL * signals :]
            samples = [int(counts[8 * i : 8 * i + 8]) for i in range(signals)]
            mark = labels.index(header[192:195] + b" Annotations")
            onsets = []
            for record in range(records):
                before = record * sum(samples) + sum(samples[:mark])
                stream.seek(256 * (signals + 1) + size * before)
                onset = stream.read(size * samples[mark]).split(b"\x14")[0]
                onsets.append(float(onset.split(b"\x15")[0]))
        except (ValueError, IndexError) as error:
            raise RecordingError(
                f"{path.name}: data: no valid EDF+ file ({error}); export it again"
            ) from error
    tolerance = 0.5 * lasts / max([n for i, n in enumerate(samples) if i != mark] or [1])
    steps = [after - before - lasts for before, after in pairwise(onsets)]
    gaps = [(i, step) for i, step in enumerate(steps) if abs(step) > tolerance]
    if gaps:
        first, lost = gaps[0]
        at = onsets[first] + lasts - onsets[0]
        raise RecordingError(
            f"{path.name}: data: interrupted {len(gaps)} times (EDF+D), first for {lost:g} s after"
            f" {at:g} s; export its uninterrupted parts as runs of their own"
        )
