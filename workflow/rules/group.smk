# Features of all recordings, their reliability, differences between groups.


rule train_cohort:
    input:
        series=lambda wildcards: cohort_results(wildcards.cohort)["series"],
        cohort="results/{cohort}/cohort.tsv",
    output:
        nc="results/{cohort}/group/hierarchical.nc",
        figure="results/{cohort}/group/hierarchical.svg",
    log:
        "results/{cohort}/logs/train_cohort.log",
    benchmark:
        "results/{cohort}/benchmarks/train_cohort.tsv"
    conda:
        "../../envs/train.yaml"
    threads: lambda wildcards: shared_model(wildcards.cohort)["threads"]
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=lambda wildcards, attempt: 120 * attempt,
        gpu=lambda wildcards: int(shared_model(wildcards.cohort)["device"] == "cuda"),
    params:
        settings=lambda wildcards: {
            name: value
            for name, value in shared_model(wildcards.cohort).items()
            if name != "threads"
        },
        features=lambda wildcards: plan.cohorts[wildcards.cohort]["hierarchical"][
            "features"
        ],
        vector_rate=lambda wildcards: plan.cohorts[wildcards.cohort]["hierarchical"][
            "vector_rate"
        ],
        seed=lambda wildcards: plan.seed(wildcards.cohort, "hierarchical"),
        code=code_of("hierarchical.py"),
    script:
        "../scripts/hierarchical.py"


rule collect_features:
    input:
        unpack(lambda wildcards: cohort_results(wildcards.cohort)),
        unpack(lambda wildcards: hierarchical_result(wildcards.cohort, ["nc"])),
        cohort="results/{cohort}/cohort.tsv",
    output:
        features="results/{cohort}/group/features.tsv",
        features_dictionary="results/{cohort}/group/features.json",
        responses="results/{cohort}/group/responses.tsv",
        responses_dictionary="results/{cohort}/group/responses.json",
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
        responses="results/{cohort}/group/responses.tsv",
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
        effects="results/{cohort}/group/effects.tsv",
        effects_dictionary="results/{cohort}/group/effects.json",
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
        responses_figure=report(
            "results/{cohort}/group/responses.svg",
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
        settings=lambda wildcards: {
            name: value
            for name, value in plan.cohorts[wildcards.cohort]["group"].items()
            if name not in ("predict", "similarity")
        },
        seed=lambda wildcards: plan.seed(wildcards.cohort, "group"),
        code=code_of("group.py"),
    script:
        "../scripts/group.py"


rule predict_group:
    input:
        series=lambda wildcards: cohort_results(wildcards.cohort)["series"],
        features="results/{cohort}/group/features.tsv",
        cohort="results/{cohort}/cohort.tsv",
    output:
        table=report(
            "results/{cohort}/group/prediction.tsv",
            caption="../report/prediction.rst",
            category="Group",
            subcategory="{cohort}",
        ),
        dictionary="results/{cohort}/group/prediction.json",
        summary="results/{cohort}/group/prediction_summary.json",
        figure=report(
            "results/{cohort}/group/prediction.svg",
            caption="../report/prediction.rst",
            category="Group",
            subcategory="{cohort}",
        ),
    log:
        "results/{cohort}/logs/predict_group.log",
    benchmark:
        "results/{cohort}/benchmarks/predict_group.tsv"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1500 * attempt,
        runtime=60,
    params:
        settings=lambda wildcards: {
            name: plan.cohorts[wildcards.cohort]["group"][name]
            for name in (
                "predict",
                "compare",
                "blocks",
                "minimum_subjects",
                "minimum_reliability",
                "bootstrap",
                "confidence",
            )
        },
        seed=lambda wildcards: plan.seed(wildcards.cohort, "prediction"),
        code=code_of("predict.py"),
    script:
        "../scripts/predict.py"


rule compare_dynamics:
    input:
        unpack(lambda wildcards: similar_dynamics(wildcards.cohort)),
        unpack(lambda wildcards: hierarchical_result(wildcards.cohort, ["nc"])),
        cohort="results/{cohort}/cohort.tsv",
    output:
        nc="results/{cohort}/group/similarity.nc",
        figure=report(
            "results/{cohort}/group/similarity.svg",
            caption="../report/similarity.rst",
            category="Group",
            subcategory="{cohort}",
        ),
    log:
        "results/{cohort}/logs/compare_dynamics.log",
    benchmark:
        "results/{cohort}/benchmarks/compare_dynamics.tsv"
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 1500 * attempt,
        runtime=60,
    params:
        settings=lambda wildcards: {
            name: plan.cohorts[wildcards.cohort]["group"][name]
            for name in ("similarity", "compare", "minimum_subjects", "permutations")
        },
        seed=lambda wildcards: plan.seed(wildcards.cohort, "similarity"),
        code=code_of("similarity.py"),
    script:
        "../scripts/similarity.py"


rule group:
    input:
        [f"results/{cohort}/group/statistics.tsv" for cohort in plan.cohorts],
