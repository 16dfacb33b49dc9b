"""Units of measured values, brought to those of the SI."""

import re

_PREFIXED = re.compile(r"([fpnuµμmckM]?)(V|A|T/m|T|S|Hz|Pa|s|m)")
_FACTORS = {
    "f": 1e-15,
    "p": 1e-12,
    "n": 1e-9,
    "u": 1e-6,
    "µ": 1e-6,  # the micro sign
    "μ": 1e-6,  # the Greek letter
    "m": 1e-3,
    "c": 1e-2,
    "": 1.0,
    "k": 1e3,
    "M": 1e6,
}
_SPELLED = {"volt": "V", "millivolt": "mV", "microvolt": "uV", "microv": "uV"}


def to_si(unit: str) -> tuple[float, str]:
    """What to multiply values by, and the unit they then have.

    A unit that is not a prefix and a unit of the SI (``V``, ``T``, ``S`` ...), such as ``bpm`` or
    ``arbitrary``, stays as it is.
    """
    unit = unit.strip()
    unit = _SPELLED.get(unit.lower().removesuffix("s"), unit)
    found = _PREFIXED.fullmatch(unit)
    if found is None:
        return 1.0, unit
    return _FACTORS[found[1]], found[2]
