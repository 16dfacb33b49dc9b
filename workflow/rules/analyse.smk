# Dynamical analysis of the reconstructed systems.


rule analyse_model:
    input:
        series="results/{cohort}/{recording}/series.nc",
        fit="results/{cohort}/{recording}/models/{model}/fit.nc",
    output:
        nc="results/{cohort}/{recording}/models/{model}/dynamics.nc",
        figure="results/{cohort}/{recording}/models/{model}/dynamics.svg",
    log:
        "results/{cohort}/{recording}/logs/analyse_{model}.log",
    benchmark:
        "results/{cohort}/{recording}/benchmarks/analyse_{model}.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1500 * attempt,
        runtime=30,
    params:
        settings=lambda wildcards: plan.cohorts[wildcards.cohort]["analysis"],
        seed=lambda wildcards: plan.seed(
            wildcards.cohort, wildcards.recording, wildcards.model
        ),
        code=code_of("analyse.py"),
    script:
        "../scripts/analyse.py"


rule analyse:
    input:
        lambda wildcards: [
            f"results/{cohort}/{recording}/models/{model}/dynamics.nc"
            for cohort in plan.cohorts
            for recording in plan.recordings[cohort]
            for model in plan.cohorts[cohort]["models"]
        ],
