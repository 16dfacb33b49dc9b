"""Statistics of a cohort: reliability over runs, group differences, comparison with the truth."""

import json

import numpy as np
import pandas as pd

from neurodsr.figures.group import draw_differences, draw_reliability, draw_truth
from neurodsr.figures.responses import draw_responses
from neurodsr.files import write_text
from neurodsr.group.comparison import STATISTICS, compare_groups
from neurodsr.group.effects import EFFECTS, design_effects
from neurodsr.group.responses import compare_responses, response_sentences
from neurodsr.group.trust import RELIABILITY, reliability_table
from neurodsr.group.truth import TRUTH, compare_with_truth, no_pairs, pair_with_truth
from neurodsr.group.values import SUBJECTS, subject_values
from neurodsr.tables import read_table, write_table
from stage import log, open_log, save_figure

open_log(snakemake.log[0])
settings = snakemake.params.settings
features = read_table(snakemake.input.features)
cohort = read_table(snakemake.input.cohort)
truths = [read_table(path) for path in snakemake.input.truth]

subjects = subject_values(features, cohort)
rng = np.random.default_rng(snakemake.params.seed)
reliability = reliability_table(features, settings, cohort, *rng.spawn(1))
comparison = compare_groups(subjects, reliability, settings, rng)
log.info(comparison.statement)
effects = (
    design_effects(features, cohort, reliability, settings, rng)
    if settings["design"]
    else pd.DataFrame(columns=list(EFFECTS))
)
answers = compare_responses(
    read_table(snakemake.input.responses), cohort, comparison.groups, settings, rng
)
pairs = pair_with_truth(subjects, pd.concat(truths)) if truths else no_pairs()
truth = compare_with_truth(pairs)

output = snakemake.output
write_table(output.subjects, subjects, SUBJECTS)
write_table(output.reliability, reliability, RELIABILITY)
write_table(output.statistics, comparison.table, STATISTICS)
write_table(output.effects, effects, EFFECTS)
write_table(output.truth, truth, TRUTH)
said = response_sentences(answers, settings["false_discovery_rate"])
write_text(output.summary, json.dumps({**comparison.summary(), "responses": said}, indent=2) + "\n")
save_figure(draw_differences(subjects, comparison), output.differences_figure)
save_figure(
    draw_reliability(reliability, settings["minimum_reliability"]), output.reliability_figure
)
save_figure(draw_responses(answers), output.responses_figure)
save_figure(draw_truth(pairs), output.truth_figure)
