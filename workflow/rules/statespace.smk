# Is there a state space in what was recorded? Delay embedding, checks, verdict.


rule check_state_space:
    input:
        series="results/{cohort}/{recording}/series.nc",
    output:
        nc="results/{cohort}/{recording}/statespace.nc",
        figure="results/{cohort}/{recording}/statespace.svg",
    log:
        "results/{cohort}/{recording}/logs/statespace.log",
    benchmark:
        "results/{cohort}/{recording}/benchmarks/statespace.tsv"
    conda:
        "../../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1500 * attempt,
        runtime=30,
    params:
        settings=lambda wildcards: plan.cohorts[wildcards.cohort]["statespace"],
        seed=lambda wildcards: plan.seed(wildcards.cohort, wildcards.recording),
        code=code_of("statespace.py"),
    script:
        "../scripts/statespace.py"


rule statespace:
    input:
        lambda wildcards: [
            f"results/{cohort}/{recording}/statespace.nc"
            for cohort in plan.cohorts
            for recording in plan.recordings[cohort]
        ],
