"""The curves and numbers behind a verdict, as one dataset."""

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from neurodsr.statespace.battery import Battery
from neurodsr.statespace.determinism import STATISTICS
from neurodsr.statespace.divergence import Divergence
from neurodsr.statespace.sufficiency.stationarity import KINDS

Array = NDArray[np.float64]


def results_dataset(series: xr.Dataset, found: Battery) -> xr.Dataset:
    """All curves with labelled dimensions.

    ``channel`` are all channels, ``tested`` those that were tested, ``target`` those that the
    embedding check predicts, ``window`` the windows of the stationarity check.
    """
    return xr.merge([curves(series, found), surrogates(found), windows(found), spaces(found)])


def curves(series: xr.Dataset, found: Battery) -> xr.Dataset:
    """What delay, dimension and noise are read from."""
    channels = series["channel"].values
    lag = {"units": "samples"}
    delays = [np.nan if d is None else d for d in found.neighbour_delays]
    return xr.Dataset(
        {
            "autocorrelation": (
                ("channel", "lag"),
                np.array([c.autocorrelation for c in found.per_channel]),
            ),
            "mutual_information": (
                ("channel", "lag"),
                np.array([c.mutual_information for c in found.per_channel]),
                {"units": "nat"},
            ),
            "correlation_time": ("channel", [c.correlation_time for c in found.per_channel], lag),
            "channel_delay": ("channel", [c.delay for c in found.per_channel], lag),
            "neighbour_delay": (
                "tested",
                np.array(delays, dtype=float),
                lag | {"long_name": "first minimum of the mutual information by neighbours"},
            ),
            "false_neighbours": (
                ("tested", "dimension"),
                np.array([c.false_neighbours for c in found.curves]),
            ),
            "cao_e1": (("tested", "dimension"), np.array([c.e1 for c in found.curves])),
            "cao_e2": (("tested", "dimension"), np.array([c.e2 for c in found.curves])),
            "noise": (
                "tested",
                [n.level for n in found.noise],
                {"units": "1", "long_name": "noise over standard deviation of the channel"},
            ),
        },
        coords={
            "channel": channels,
            "tested": channels[found.chosen],
            "lag": ("lag", np.arange(len(found.per_channel[0].autocorrelation)), lag),
            "dimension": np.arange(1, len(found.curves[0].e1) + 1),
        },
    )


def surrogates(found: Battery) -> xr.Dataset:
    """The test of nonlinearity; without a surrogate where it was not made."""
    nothing = np.full((len(found.chosen), len(STATISTICS)), np.nan)
    test = found.test
    number = np.empty((0, *nothing.shape)) if test is None else test.surrogates
    return xr.Dataset(
        {
            "statistic_value": (("tested", "statistic"), nothing if test is None else test.data),
            "surrogate_value": (("surrogate", "tested", "statistic"), number),
            "p": (("tested", "statistic"), nothing if test is None else test.p),
            "p_statistic": ("statistic", nothing[0] if test is None else test.p_statistic),
        },
        coords={"statistic": list(STATISTICS)},
    )


def windows(found: Battery) -> xr.Dataset:
    """Stationarity."""
    drifts = found.drifts
    return xr.Dataset(
        {
            "window_start": ("window", drifts.start, {"units": "samples"}),
            "window_stop": ("window", drifts.stop, {"units": "samples"}),
            "window_mean": (("window", "tested"), drifts.mean),
            "window_deviation": (("window", "tested"), drifts.deviation),
            "cross_prediction": (
                ("window", "other_window"),
                drifts.cross_prediction,
                {"long_name": "error of forecasts of the other window from this one's states"},
            ),
            "drift": ("kind", drifts.drift, {"long_name": "share explained by slow functions"}),
            "p_drift": ("kind", drifts.p),
        },
        coords={"kind": list(KINDS)},
    )


def spaces(found: Battery) -> xr.Dataset:
    """Forecasts of the reference from the observed channels and from itself; divergence."""
    check = found.projection
    return xr.Dataset(
        {
            "skill": ("target", check.skill, {"long_name": "correlation of forecasts"}),
            "reference_skill": ("target", check.reference_skill),
            "continuity": ("target", check.continuity, {"long_name": "<eps*>"}),
            "reference_continuity": ("target", check.reference_continuity),
            "correlation_sum": ("radius", found.dimension.correlation_sum),
            "divergence": (("grown", "step"), grown(found.growth)),
        },
        coords={"radius": found.dimension.radius},
    )


def grown(growth: list[Divergence]) -> Array:
    """Curves of all channels ``(channel, step)``, padded with NaN."""
    longest = max((len(one.curve) for one in growth), default=0)
    table = np.full((len(growth), longest), np.nan)
    for row, one in zip(table, growth, strict=True):
        row[: len(one.curve)] = one.curve
    return table
