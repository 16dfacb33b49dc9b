"""What to cite for what was run."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from neurodsr.report.models import PIECEWISE_LINEAR

CITATIONS = {
    "dsr": (
        "Durstewitz D, Koppe G, Thurm MI (2023). Reconstructing computational system "
        "dynamics from neural data with recurrent neural networks. Nat Rev Neurosci "
        "24:693-710."
    ),
    "gtf": (
        "Hess F, Monfared Z, Brenner M, Durstewitz D (2023). Generalized teacher "
        "forcing for learning chaotic dynamics. ICML, PMLR 202:13017-13049."
    ),
    "plrnn": (
        "Durstewitz D (2017). A state space approach for piecewise-linear recurrent neural "
        "networks for identifying computational dynamics from neural measurements. PLoS "
        "Comput Biol 13:e1005542."
    ),
    "dendritic": (
        "Brenner M, Hess F, Mikhaeil JM, Bereska LF, Monfared Z, Kuo PC, Durstewitz D"
        " (2022). Tractable dendritic RNNs for reconstructing nonlinear dynamical "
        "systems. ICML, PMLR 162:2292-2320."
    ),
    "sparse": (
        "Mikhaeil JM, Monfared Z, Durstewitz D (2022). On the difficulty of learning "
        "chaotic dynamics with RNNs. NeurIPS 35:11297-11312."
    ),
    "alrnn": (
        "Brenner M, Hemmer CJ, Monfared Z, Durstewitz D (2024). Almost-linear RNNs "
        "yield highly interpretable symbolic codes in dynamical systems "
        "reconstruction. NeurIPS 37."
    ),
    "manifold": (
        "Schmidt D, Koppe G, Monfared Z, Beutelspacher M, Durstewitz D (2021). Identifying "
        "nonlinear dynamical systems with multiple time scales and long-range "
        "dependencies. ICLR."
    ),
    "cycles": (
        "Eisenmann L, Monfared Z, Göring N, Durstewitz D (2023). Bifurcations and "
        "loss jumps in RNN training. NeurIPS 36."
    ),
    "fnn": (
        "Kennel MB, Brown R, Abarbanel HDI (1992). Determining embedding dimension "
        "for phase-space reconstruction using a geometrical construction. Phys Rev A "
        "45:3403-3411."
    ),
    "cao": (
        "Cao L (1997). Practical method for determining the minimum embedding "
        "dimension of a scalar time series. Physica D 110:43-50."
    ),
    "mutual": (
        "Fraser AM, Swinney HL (1986). Independent coordinates for strange attractors"
        " from mutual information. Phys Rev A 33:1134-1140."
    ),
    "surrogates": (
        "Schreiber T, Schmitz A (1996). Improved surrogate data for nonlinearity "
        "tests. Phys Rev Lett 77:635-638."
    ),
    "fourier": (
        "Prichard D, Theiler J (1994). Generating surrogate data for time series with several "
        "simultaneously measured variables. Phys Rev Lett 73:951-954."
    ),
    "gaussian": (
        "Lobato IN, Velasco C (2004). A simple test of normality for time series. Econometric "
        "Theory 20:671-689."
    ),
    "noise": (
        "Schreiber T (1993). Determination of the noise level of chaotic time series. Phys Rev E "
        "48:R13-R16."
    ),
    "drifts": (
        "Schreiber T (1997). Detecting and analyzing nonstationarity in a time series using "
        "nonlinear cross predictions. Phys Rev Lett 78:843-846."
    ),
    "exponent": (
        "Rosenstein MT, Collins JJ, De Luca CJ (1993). A practical method for calculating "
        "largest Lyapunov exponents from small data sets. Physica D 65:117-134."
    ),
    "icc": (
        "Shrout PE, Fleiss JL (1979). Intraclass correlations: uses in assessing "
        "rater reliability. Psychol Bull 86:420-428."
    ),
    "hedges": (
        "Hedges LV (1981). Distribution theory for Glass's estimator of effect size "
        "and related estimators. J Educ Stat 6:107-128."
    ),
    "fdr": (
        "Benjamini Y, Hochberg Y (1995). Controlling the false discovery rate: a "
        "practical and powerful approach to multiple testing. J R Stat Soc B "
        "57:289-300."
    ),
    "radam": (
        "Liu L, Jiang H, He P, Chen W, Liu X, Gao J, Han J (2020). On the variance of"
        " the adaptive learning rate and beyond. ICLR."
    ),
    "soap": (
        "Vyas N, Morwani D, Zhao R, Shapira I, Brandfonbrener D, Janson L, Kakade S (2025). SOAP:"
        " improving and stabilizing Shampoo using Adam. ICLR."
    ),
    "adam": "Kingma DP, Ba J (2015). Adam: a method for stochastic optimization. ICLR.",
    "bic": "Schwarz G (1978). Estimating the dimension of a model. Ann Stat 6:461-464.",
    "echo": (
        'Jaeger H (2001). The "echo state" approach to analysing and training recurrent '
        "neural networks. GMD Report 148, German National Research Center for "
        "Information Technology."
    ),
    "reservoirpy": (
        "Trouvain N, Pedrelli L, Dinh TT, Hinaut X (2020). ReservoirPy: an efficient and "
        "user-friendly library to design echo state networks. ICANN, LNCS 12397:494-505."
    ),
    "sindy": (
        "Brunton SL, Proctor JL, Kutz JN (2016). Discovering governing equations from "
        "data by sparse identification of nonlinear dynamical systems. Proc Natl Acad "
        "Sci USA 113:3932-3937."
    ),
    "lstm": (
        "Hochreiter S, Schmidhuber J (1997). Long short-term memory. Neural Comput 9:1735-1780."
    ),
    "gru": (
        "Cho K, van Merriënboer B, Gulcehre C, Bahdanau D, Bougares F, Schwenk H, Bengio "
        "Y (2014). Learning phrase representations using RNN encoder-decoder for "
        "statistical machine translation. EMNLP, 1724-1734."
    ),
    "neural-ode": (
        "Chen RTQ, Rubanova Y, Bettencourt J, Duvenaud D (2018). Neural ordinary "
        "differential equations. NeurIPS 31."
    ),
}

SYSTEMS = {
    "wilson-cowan": (
        "Wilson HR, Cowan JD (1972). Excitatory and inhibitory interactions in "
        "localized populations of model neurons. Biophys J 12:1-24."
    ),
    "lorenz63": "Lorenz EN (1963). Deterministic nonperiodic flow. J Atmos Sci 20:130-141.",
    "lorenz96": (
        "Lorenz EN (1996). Predictability: a problem partly solved. Proc. Seminar on "
        "Predictability, ECMWF, 1:1-18."
    ),
    "roessler": ("Roessler OE (1976). An equation for continuous chaos. Phys Lett A 57:397-398."),
    "bursting-neuron": (
        "Durstewitz D (2009). Implications of synaptic biophysics for recurrent "
        "network dynamics and active memory. Neural Netw 22:1189-1200."
    ),
}

ALWAYS = (
    *("dsr", "gtf", "cycles", "fnn", "cao", "mutual", "fourier", "surrogates", "gaussian"),
    *("noise", "drifts", "icc", "hedges", "fdr"),
)
"""The measures of fit are those of "gtf"."""

FAMILIES = {
    "shallow-plrnn": ("gtf",),
    "plrnn": ("plrnn",),
    "mc-plrnn": ("plrnn", "dendritic"),
    "dend-plrnn": ("dendritic",),
    "al-rnn": ("alrnn",),
    "var": ("bic",),
    "reservoir": ("echo", "reservoirpy"),
    "sindy": ("sindy",),
    "lstm": ("lstm",),
    "gru": ("gru",),
    "neural-ode": ("neural-ode",),
}
UNTRAINED = ("var", "reservoir", "sindy")
"""Families without forcing and gradient descent."""
FORCINGS = {"generalised": ("gtf",), "adaptive": ("gtf",), "sparse": ("sparse",)}


def citations(
    models: Mapping[str, Mapping[str, Any]], simulated: Collection[str], exponents: bool
) -> list[str]:
    """What to cite for what was run.

    Parameters
    ----------
    models
        Complete settings by name.
    simulated
        Systems that were simulated.
    exponents
        Whether the largest Lyapunov exponent of some recording is reported.
    """
    keys = {*ALWAYS, *(key for model in models.values() for key in _keys(model))}
    keys |= {"exponent"} if exponents else set()
    return sorted([*(CITATIONS[key] for key in keys), *(SYSTEMS[name] for name in set(simulated))])


def _keys(model: Mapping[str, Any]) -> Iterator[str]:
    family, forcing = model["family"], model["forcing"]
    yield from FAMILIES[family]
    if family in UNTRAINED:
        return
    yield model["optimiser"]
    if model["optimiser"] == "soap":
        yield "radam"
    yield from FORCINGS.get(forcing["kind"], ())
    if forcing["kind"] == "sparse" and isinstance(forcing["interval"], str):
        yield "dendritic"
    if family in PIECEWISE_LINEAR and model["regularisation"]["manifold"] > 0:
        yield "manifold"
