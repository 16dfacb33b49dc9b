# Training: all runs of one model on one recording in one job.


rule train_model:
    input:
        series="results/{cohort}/{recording}/series.nc",
        statespace="results/{cohort}/{recording}/statespace.nc",
    output:
        nc="results/{cohort}/{recording}/models/{model}/fit.nc",
        figure="results/{cohort}/{recording}/models/{model}/fit.svg",
    log:
        "results/{cohort}/{recording}/logs/train_{model}.log",
    benchmark:
        "results/{cohort}/{recording}/benchmarks/train_{model}.tsv"
    conda:
        "../../envs/train.yaml"
    threads: lambda wildcards: config["models"][wildcards.model]["threads"]
    resources:
        mem_mb=lambda wildcards, attempt: 1500 * attempt,
        runtime=lambda wildcards, attempt: 60 * attempt,
        gpu=lambda wildcards: int(config["models"][wildcards.model]["device"] == "cuda"),
    params:
        settings=lambda wildcards: {
            name: value
            for name, value in config["models"][wildcards.model].items()
            if name != "threads"
        },
        seed=lambda wildcards: plan.seed(
            wildcards.cohort, wildcards.recording, wildcards.model
        ),
        checkpoint="results/{cohort}/{recording}/models/{model}/.checkpoint.nc",
        code=code_of("train.py"),
    script:
        "../scripts/train.py"


rule train:
    input:
        lambda wildcards: [
            f"results/{cohort}/{recording}/models/{model}/fit.nc"
            for cohort in plan.cohorts
            for recording in plan.recordings[cohort]
            for model in plan.cohorts[cohort]["models"]
        ],
