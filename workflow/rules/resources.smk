# Raw recordings that a rule downloads, converts or simulates.


for name in plan.datasets:
    dataset = plan.datasets[name]

    if dataset.retrieved:

        rule:
            name:
                f"retrieve_{name}"
            output:
                files=dataset.paths(dataset.retrieved),
            log:
                f"resources/logs/retrieve_{name}.log",
            benchmark:
                f"resources/benchmarks/retrieve_{name}.tsv"
            localrule: True  # a compute node may have no network
            conda:
                "../../envs/ingest.yaml"
            threads: 1
            resources:
                mem_mb=500,
                runtime=60,
            params:
                settings=dataset.spec["retrieve"],
                names=dataset.retrieved,
            script:
                "../scripts/retrieve.py"

    if "convert" in dataset.spec:

        rule:
            name:
                f"convert_{name}"
            input:
                files=[
                    (
                        ancient((dataset.folder / file).as_posix())
                        if "path" in dataset.spec
                        else (dataset.folder / file).as_posix()
                    )
                    for file in dataset.unconverted
                ],
            output:
                files=dataset.paths(dataset.made_at_once),
            log:
                f"resources/logs/convert_{name}.log",
            benchmark:
                f"resources/benchmarks/convert_{name}.tsv"
            conda:
                "../../envs/ingest.yaml"
            threads: 1
            resources:
                mem_mb=1000,
                runtime=60,
            params:
                settings={
                    **dataset.spec["convert"],
                    "licence": dataset.spec["licence"],
                    "citation": dataset.spec["citation"],
                },
                raw=plan.unconverted_content(name),
                code=code_of("convert.py"),
            script:
                "../scripts/convert.py"

    if "simulate" in dataset.spec:

        rule:
            name:
                f"describe_{name}"
            output:
                files=dataset.paths(dataset.made_at_once),
            log:
                f"resources/logs/describe_{name}.log",
            benchmark:
                f"resources/benchmarks/describe_{name}.tsv"
            conda:
                "../../envs/ingest.yaml"
            threads: 1
            resources:
                mem_mb=1000,
                runtime=10,
            params:
                name=name,
                participants=list(dataset.participants.items()),
                settings=dataset.spec["simulate"],
                format=dataset.spec["format"],
                seed=config["seed"],
                code=code_of("simulate_participants.py"),
            script:
                "../scripts/simulate_participants.py"

        for participant, group in dataset.participants.items():

            rule:
                name:
                    f"simulate_{name}_{participant}"
                output:
                    files=dataset.paths(dataset.made_for(participant)),
                log:
                    f"resources/logs/simulate_{name}_{participant}.log",
                benchmark:
                    f"resources/benchmarks/simulate_{name}_{participant}.tsv"
                group:
                    "simulation"
                conda:
                    "../../envs/ingest.yaml"
                threads: 1
                resources:
                    mem_mb=1000,
                    runtime=10,
                params:
                    settings=dataset.spec["simulate"],
                    format=dataset.spec["format"],
                    participant=participant,
                    group=group,
                    seed=config["seed"],
                    code=code_of("simulate.py"),
                script:
                    "../scripts/simulate.py"
