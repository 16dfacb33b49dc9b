import pytest

from neurodsr.recordings.bids.units import to_si


@pytest.mark.parametrize(
    ("given", "factor", "unit"),
    [
        ("uV", 1e-6, "V"),
        ("µV", 1e-6, "V"),
        ("μV", 1e-6, "V"),
        ("microvolts", 1e-6, "V"),
        ("fT", 1e-15, "T"),
        ("fT/m", 1e-15, "T/m"),
        ("mS", 1e-3, "S"),
        ("ms", 1e-3, "s"),
        ("mm", 1e-3, "m"),
        ("cm", 1e-2, "m"),
        ("m", 1.0, "m"),
        ("kHz", 1e3, "Hz"),
        ("V", 1.0, "V"),
        ("bpm", 1.0, "bpm"),
        ("min", 1.0, "min"),
        ("mmHg", 1.0, "mmHg"),
        ("arbitrary", 1.0, "arbitrary"),
        ("", 1.0, ""),
    ],
)
def test_prefixed_units_become_those_of_the_si(given, factor, unit):
    assert to_si(given) == (factor, unit)
