# Features of all recordings, their reliability, differences between groups.


rule collect_features:
    input:
        unpack(lambda wildcards: cohort_results(wildcards.cohort)),
        cohort="results/{cohort}/cohort.tsv",
    output:
        features="results/{cohort}/group/features.tsv",
        features_dictionary="results/{cohort}/group/features.json",
        inclusion="results/{cohort}/group/inclusion.tsv",
        inclusion_dictionary="results/{cohort}/group/inclusion.json",
    log:
        "results/{cohort}/logs/collect_features.log",
    benchmark:
        "results/{cohort}/benchmarks/collect_features.tsv"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1500 * attempt,
        runtime=60,
    params:
        models=lambda wildcards: plan.cohorts[wildcards.cohort]["models"],
        code=code_of("features.py", "../schemas/features.schema.yaml"),
    script:
        "../scripts/features.py"


rule compare_groups:
    input:
        features="results/{cohort}/group/features.tsv",
        cohort="results/{cohort}/cohort.tsv",
        truth=lambda wildcards: plan.tables(wildcards.cohort, "truth.tsv"),
    output:
        subjects="results/{cohort}/group/subjects.tsv",
        subjects_dictionary="results/{cohort}/group/subjects.json",
        reliability="results/{cohort}/group/reliability.tsv",
        reliability_dictionary="results/{cohort}/group/reliability.json",
        statistics=report(
            "results/{cohort}/group/statistics.tsv",
            caption="../report/group.rst",
            category="Group",
            subcategory="{cohort}",
        ),
        statistics_dictionary="results/{cohort}/group/statistics.json",
        truth="results/{cohort}/group/truth.tsv",
        truth_dictionary="results/{cohort}/group/truth.json",
        summary="results/{cohort}/group/summary.json",
        differences_figure=report(
            "results/{cohort}/group/differences.svg",
            caption="../report/group.rst",
            category="Group",
            subcategory="{cohort}",
        ),
        reliability_figure=report(
            "results/{cohort}/group/reliability.svg",
            caption="../report/group.rst",
            category="Group",
            subcategory="{cohort}",
        ),
        truth_figure="results/{cohort}/group/truth.svg",
    log:
        "results/{cohort}/logs/compare_groups.log",
    benchmark:
        "results/{cohort}/benchmarks/compare_groups.tsv"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1000 * attempt,
        runtime=60,
    params:
        settings=lambda wildcards: plan.cohorts[wildcards.cohort]["group"],
        seed=lambda wildcards: plan.seed(wildcards.cohort, "group"),
        code=code_of("group.py"),
    script:
        "../scripts/group.py"


rule group:
    input:
        [f"results/{cohort}/group/statistics.tsv" for cohort in plan.cohorts],
