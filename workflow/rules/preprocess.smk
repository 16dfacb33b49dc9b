# Recordings become series: one clock, standardised, split in time.


rule preprocess_recording:
    input:
        recording="results/{cohort}/{recording}/recording.nc",
    output:
        nc="results/{cohort}/{recording}/series.nc",
        figure="results/{cohort}/{recording}/series.svg",
    log:
        "results/{cohort}/{recording}/logs/preprocess.log",
    benchmark:
        "results/{cohort}/{recording}/benchmarks/preprocess.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1500 * attempt,
        runtime=30,
    params:
        settings=lambda wildcards: plan.cohorts[wildcards.cohort]["preprocess"],
        code=code_of("preprocess.py"),
    script:
        "../scripts/preprocess.py"


rule preprocess:
    input:
        lambda wildcards: [
            f"results/{cohort}/{recording}/series.nc"
            for cohort in plan.cohorts
            for recording in plan.recordings[cohort]
        ],
