# One self-contained page for each cohort.


rule write_report:
    input:
        unpack(lambda wildcards: cohort_results(wildcards.cohort)),
        unpack(lambda wildcards: cohort_panels(wildcards.cohort)),
        unpack(lambda wildcards: hierarchical_result(wildcards.cohort, ["nc", "svg"])),
        unpack(lambda wildcards: prediction_result(wildcards.cohort)),
        unpack(lambda wildcards: similarity_result(wildcards.cohort)),
        cohort="results/{cohort}/cohort.tsv",
        features="results/{cohort}/group/features.tsv",
        inclusion="results/{cohort}/group/inclusion.tsv",
        subjects="results/{cohort}/group/subjects.tsv",
        reliability="results/{cohort}/group/reliability.tsv",
        statistics="results/{cohort}/group/statistics.tsv",
        effects="results/{cohort}/group/effects.tsv",
        truth="results/{cohort}/group/truth.tsv",
        summary="results/{cohort}/group/summary.json",
        group_figures=[
            f"results/{{cohort}}/group/{name}.svg"
            for name in ("differences", "reliability", "responses", "truth")
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
        code=code_of(
            "report.py",
            "../report/report.html.j2",
            "../report/style.css",
            "../report/view.js",
        ),
    script:
        "../scripts/report.py"


rule report:
    input:
        [f"results/{cohort}/report.html" for cohort in plan.cohorts],
