"""What to cite for what was run."""

from collections.abc import Collection, Mapping
from typing import Any

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
}

BASELINES = {
    "reservoir": (
        'Jaeger H (2001). The "echo state" approach to analysing and training recurrent '
        "neural networks. GMD Report 148, German National Research Center for "
        "Information Technology."
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


def citations(models: Mapping[str, Mapping[str, Any]], simulated: Collection[str]) -> list[str]:
    """What to cite for what was run: models, methods and the systems that were simulated."""
    families = {model["family"] for model in models.values()}
    forcing = {model["forcing"]["kind"] for model in models.values()}
    keys = ["dsr"]
    keys += ["gtf"] if "generalised" in forcing or "shallow-plrnn" in families else []
    keys += ["sparse"] if "sparse" in forcing else []
    keys += ["dendritic", "alrnn"] if "al-rnn" in families else ["dendritic"]
    keys += ["cycles", "fnn", "cao", "mutual", "surrogates", "icc", "hedges", "fdr", "radam"]
    systems = [SYSTEMS[name] for name in set(simulated)]
    baselines = [BASELINES[name] for name in families & BASELINES.keys()]
    return sorted([*(CITATIONS[key] for key in keys), *baselines, *systems])
