# NWB and BIDS files become recordings.


rule discover_cohort:
    input:
        raw=lambda wildcards: raw_inputs(
            wildcards.cohort, cohort_files(wildcards.cohort)
        ),
    output:
        table="results/{cohort}/cohort.tsv",
        dictionary="results/{cohort}/cohort.json",
    log:
        "results/{cohort}/logs/discover.log",
    benchmark:
        "results/{cohort}/benchmarks/discover.tsv"
    conda:
        "../../envs/ingest.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=30,
    params:
        sources=lambda wildcards: plan.sources(wildcards.cohort),
        group_column=lambda wildcards: plan.cohorts[wildcards.cohort]["group"]["column"],
        raw=lambda wildcards: plan.content(
            wildcards.cohort, cohort_files(wildcards.cohort)
        ),
        code=code_of("discover.py", "../schemas/cohort.schema.yaml"),
    script:
        "../scripts/discover.py"


rule discover:
    input:
        [f"results/{cohort}/cohort.tsv" for cohort in plan.cohorts],


rule ingest_recording:
    input:
        files=lambda wildcards: raw_inputs(
            wildcards.cohort,
            plan.raw_files(wildcards.cohort, wildcards.recording),
        ),
    output:
        nc="results/{cohort}/{recording}/recording.nc",
        figure="results/{cohort}/{recording}/recording.svg",
    log:
        "results/{cohort}/{recording}/logs/ingest.log",
    benchmark:
        "results/{cohort}/{recording}/benchmarks/ingest.tsv"
    conda:
        "../../envs/ingest.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1500 * attempt,
        runtime=30,
    params:
        settings=lambda wildcards: read_settings(wildcards),
        source=lambda wildcards: plan.source(wildcards.cohort, wildcards.recording),
        raw=lambda wildcards: plan.content(
            wildcards.cohort, plan.raw_files(wildcards.cohort, wildcards.recording)
        ),
        code=code_of("ingest.py"),
    script:
        "../scripts/ingest.py"


rule ingest:
    input:
        [
            f"results/{cohort}/{recording}/recording.nc"
            for cohort in plan.cohorts
            for recording in plan.recordings[cohort]
        ],
