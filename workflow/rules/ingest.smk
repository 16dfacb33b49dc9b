# Files of any format become recordings; what there is, is told before anything is computed.


rule discover_cohort:
    input:
        # of a user's own files the content counts (raw, below): to name them all costs seconds
        made=lambda wildcards: [
            path for path in cohort_files(wildcards.cohort) if not plan.owns(path)
        ],
    output:
        table="results/{cohort}/cohort.tsv",
        dictionary="results/{cohort}/cohort.json",
        summary="results/{cohort}/cohort.txt",
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
        datasets=lambda wildcards: plan.about(wildcards.cohort),
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
        lambda wildcards: [
            f"results/{cohort}/{recording}/recording.nc"
            for cohort in plan.cohorts
            for recording in plan.recordings[cohort]
        ],
