# Evaluation by invariant measures, each with its noise floor and its nulls.


rule evaluate_model:
    input:
        series="results/{cohort}/{recording}/series.nc",
        statespace="results/{cohort}/{recording}/statespace.nc",
        fit="results/{cohort}/{recording}/models/{model}/fit.nc",
    output:
        nc="results/{cohort}/{recording}/models/{model}/scores.nc",
        figure="results/{cohort}/{recording}/models/{model}/scores.svg",
    log:
        "results/{cohort}/{recording}/logs/evaluate_{model}.log",
    benchmark:
        "results/{cohort}/{recording}/benchmarks/evaluate_{model}.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 3000 * attempt,
        runtime=30,
    params:
        settings=lambda wildcards: plan.cohorts[wildcards.cohort]["evaluation"],
        seed=lambda wildcards: plan.seed(
            wildcards.cohort, wildcards.recording, wildcards.model
        ),
        code=code_of("evaluate.py"),
    script:
        "../scripts/evaluate.py"


rule evaluate:
    input:
        lambda wildcards: [
            f"results/{cohort}/{recording}/models/{model}/scores.nc"
            for cohort in plan.cohorts
            for recording in plan.recordings[cohort]
            for model in plan.cohorts[cohort]["models"]
        ],
