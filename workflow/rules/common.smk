# What the rules ask of the plan.


def raw_inputs(cohort, paths):
    """Of a user's own files the content counts (`raw` below), not the time stamps."""
    return [ancient(p) if plan.owns(p) else p for p in paths]


def read_settings(wildcards):
    source = plan.recordings[wildcards.cohort][wildcards.recording]
    return plan.datasets[source.dataset].read


def cohort_files(cohort):
    """Everything that the table of a cohort is told from."""
    recordings = plan.recordings[cohort]
    files = {path for name in recordings for path in plan.raw_files(cohort, name)}
    return sorted(files.union(plan.about_people(cohort)))


def cohort_results(cohort):
    folders = [f"results/{cohort}/{recording}" for recording in plan.recordings[cohort]]
    models = [
        f"{folder}/models/{model}"
        for folder in folders
        for model in plan.cohorts[cohort]["models"]
    ]
    return {
        "series": [f"{folder}/series.nc" for folder in folders],
        "statespace": [f"{folder}/statespace.nc" for folder in folders],
        "fit": [f"{folder}/fit.nc" for folder in models],
        "scores": [f"{folder}/scores.nc" for folder in models],
        "dynamics": [f"{folder}/dynamics.nc" for folder in models],
    }


def shared_model(cohort):
    """Settings of the hierarchical model of a cohort."""
    return config["models"][plan.cohorts[cohort]["hierarchical"]["model"]]


def hierarchical_result(cohort, kinds):
    """Files of the hierarchical model of a cohort, if it has one."""
    wanted = plan.cohorts[cohort]["hierarchical"] is not None
    paths = [f"results/{cohort}/group/hierarchical.{kind}" for kind in kinds]
    return {"hierarchical": paths} if wanted else {}


def prediction_result(cohort):
    """Files of the prediction from features, if a cohort asks for one."""
    wanted = plan.cohorts[cohort]["group"]["predict"] is not None
    paths = [f"results/{cohort}/group/prediction.{kind}" for kind in ("tsv", "svg")]
    return {"prediction": paths} if wanted else {}


def similarity_settings(cohort):
    return plan.cohorts[cohort]["group"]["similarity"]


def similar_dynamics(cohort):
    """What the distances between recordings are told from."""
    folders = [f"results/{cohort}/{recording}" for recording in plan.recordings[cohort]]
    model = similarity_settings(cohort)["model"] or plan.cohorts[cohort]["models"][0]
    return {
        "series": [f"{folder}/series.nc" for folder in folders],
        "dynamics": [f"{folder}/models/{model}/dynamics.nc" for folder in folders],
    }


def similarity_result(cohort):
    """Files of the distances between recordings, if a cohort asks for them."""
    wanted = similarity_settings(cohort) is not None
    paths = [f"results/{cohort}/group/similarity.{kind}" for kind in ("nc", "svg")]
    return {"similarity": paths} if wanted else {}


def model_results(cohort):
    """What is known of every model on every recording."""
    results = cohort_results(cohort)
    return {name: results[name] for name in ("fit", "scores", "dynamics")}


def published_numbers(cohort):
    """The table of published numbers, where a cohort is compared with them."""
    return [PUBLISHED] if plan.cohorts[cohort]["benchmark"]["data"] else []


def cohort_stages(cohort):
    """Stages of a cohort that are run once, as their benchmarks are called."""
    settings = plan.cohorts[cohort]
    asked = {
        "train_cohort": settings["hierarchical"],
        "predict_group": settings["group"]["predict"],
        "compare_dynamics": settings["group"]["similarity"],
    }
    wanted = [stage for stage, setting in asked.items() if setting is not None]
    return ["discover", "collect_features", "compare_groups", *wanted]


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
            for stage in cohort_stages(cohort)
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
