# One self-contained page for each cohort.


def cohort_panels(cohort):
    """Figures of all recordings, and how long each job took."""
    models = plan.cohorts[cohort]["models"]
    stages = ["ingest", "preprocess", "statespace"] + [
        f"{stage}_{model}"
        for stage in ("train", "evaluate", "analyse")
        for model in models
    ]
    figures = ["recording", "series", "statespace"] + [
        f"models/{model}/{name}"
        for model in models
        for name in ("fit", "scores", "dynamics")
    ]
    folders = [f"results/{cohort}/{recording}" for recording in plan.recordings[cohort]]
    return {
        "figures": [f"{folder}/{name}.svg" for folder in folders for name in figures],
        "benchmarks": [
            f"{folder}/benchmarks/{stage}.tsv" for folder in folders for stage in stages
        ]
        + [
            f"results/{cohort}/benchmarks/{stage}.tsv"
            for stage in ("discover", "collect_features", "compare_groups")
        ],
    }


def origins(cohort):
    """What the report says of the cohort's datasets."""
    return {
        name: {
            key: value
            for key, value in plan.datasets[name].spec.items()
            if key
            in (
                "format",
                "licence",
                "citation",
                "path",
                "retrieve",
                "simulate",
                "convert",
            )
        }
        for name in plan.cohorts[cohort]["datasets"]
    }


rule write_report:
    input:
        unpack(lambda wildcards: cohort_results(wildcards.cohort)),
        unpack(lambda wildcards: cohort_panels(wildcards.cohort)),
        cohort="results/{cohort}/cohort.tsv",
        features="results/{cohort}/group/features.tsv",
        inclusion="results/{cohort}/group/inclusion.tsv",
        subjects="results/{cohort}/group/subjects.tsv",
        reliability="results/{cohort}/group/reliability.tsv",
        statistics="results/{cohort}/group/statistics.tsv",
        truth="results/{cohort}/group/truth.tsv",
        summary="results/{cohort}/group/summary.json",
        group_figures=[
            f"results/{{cohort}}/group/{name}.svg"
            for name in ("differences", "reliability", "truth")
        ],
    output:
        report(
            "results/{cohort}/report.html",
            caption="../report/report.rst",
            category="Cohorts",
            labels={"cohort": "{cohort}"},
        ),
    log:
        "results/{cohort}/logs/report.log",
    benchmark:
        "results/{cohort}/benchmarks/report.tsv"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1500 * attempt,
        runtime=30,
    params:
        settings=lambda wildcards: plan.cohorts[wildcards.cohort],
        models=lambda wildcards: {
            name: config["models"][name]
            for name in plan.cohorts[wildcards.cohort]["models"]
        },
        datasets=lambda wildcards: origins(wildcards.cohort),
        code=code_of("report.py", "../report/report.html.j2", "../report/style.css"),
    script:
        "../scripts/report.py"


rule report:
    input:
        [f"results/{cohort}/report.html" for cohort in plan.cohorts],
