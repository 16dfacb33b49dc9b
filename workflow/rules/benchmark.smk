# Models compared over all their runs: table, figure and page of a cohort.


PUBLISHED = WORKFLOW.parent / "config" / "benchmarks" / "published.tsv"


rule summarise_benchmark:
    input:
        unpack(lambda wildcards: model_results(wildcards.cohort)),
        cohort="results/{cohort}/cohort.tsv",
        truth=lambda wildcards: plan.tables(wildcards.cohort, "truth.tsv"),
        published=lambda wildcards: published_numbers(wildcards.cohort),
    output:
        table="results/{cohort}/benchmark.tsv",
        dictionary="results/{cohort}/benchmark.json",
        runs="results/{cohort}/benchmark_runs.tsv",
        runs_dictionary="results/{cohort}/benchmark_runs.json",
        page="results/{cohort}/benchmark.md",
        figure="results/{cohort}/benchmark.svg",
    log:
        "results/{cohort}/logs/benchmark.log",
    benchmark:
        "results/{cohort}/benchmarks/benchmark.tsv"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1500 * attempt,
        runtime=30,
    params:
        title=lambda wildcards: plan.cohorts[wildcards.cohort]["title"],
        settings=lambda wildcards: plan.cohorts[wildcards.cohort]["benchmark"],
        models=lambda wildcards: {
            name: config["models"][name]
            for name in plan.cohorts[wildcards.cohort]["models"]
        },
        code=code_of("benchmark.py"),
    script:
        "../scripts/benchmark.py"


rule benchmark:
    input:
        [f"results/{cohort}/benchmark.md" for cohort in plan.cohorts],
    log:
        "results/logs/benchmark.log",
    localrule: True
    conda:
        "../../envs/report.yaml"
    shell:
        "cat {input:q} 2> {log}"
