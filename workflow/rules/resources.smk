# Raw recordings that a rule downloads, converts or simulates.


for name in plan.datasets:
    dataset = plan.datasets[name]

    if dataset.retrieved:

        rule:
            name:
                f"retrieve_{name}"
            output:
                dataset.paths(dataset.retrieved),
            log:
                f"resources/logs/retrieve_{name}.log",
            benchmark:
                f"resources/benchmarks/retrieve_{name}.tsv"
            params:
                spec=dataset.spec["retrieve"],
                root=dataset.root.as_posix(),
            conda:
                "../../envs/ingest.yaml"
            threads: 1
            resources:
                mem_mb=500,
                runtime=60,
            script:
                "../scripts/retrieve.py"

    if "convert" in dataset.spec:

        rule:
            name:
                f"convert_{name}"
            input:
                dataset.paths(dataset.retrieved),
            output:
                dataset.paths(dataset.made_at_once),
            log:
                f"resources/logs/convert_{name}.log",
            benchmark:
                f"resources/benchmarks/convert_{name}.tsv"
            params:
                spec=dataset.spec["convert"],
                root=dataset.root.as_posix(),
                code=code_of("convert.py"),
            conda:
                "../../envs/ingest.yaml"
            threads: 1
            resources:
                mem_mb=1000,
                runtime=10,
            script:
                "../scripts/convert.py"

    if "simulate" in dataset.spec:

        rule:
            name:
                f"describe_{name}"
            output:
                dataset.paths(dataset.made_at_once),
            log:
                f"resources/logs/describe_{name}.log",
            benchmark:
                f"resources/benchmarks/describe_{name}.tsv"
            params:
                dataset=name,
                spec=dataset.spec["simulate"],
                format=dataset.spec["format"],
                root=dataset.root.as_posix(),
                seed=config["seed"],
                code=code_of("simulate_participants.py"),
            conda:
                "../../envs/ingest.yaml"
            threads: 1
            resources:
                mem_mb=1000,
                runtime=10,
            script:
                "../scripts/simulate_participants.py"

        for participant, group in dataset.participants.items():

            rule:
                name:
                    f"simulate_{name}_{participant}"
                output:
                    dataset.paths(dataset.made_for(participant)),
                log:
                    f"resources/logs/simulate_{name}_{participant}.log",
                benchmark:
                    f"resources/benchmarks/simulate_{name}_{participant}.tsv"
                params:
                    dataset=name,
                    spec=dataset.spec["simulate"],
                    format=dataset.spec["format"],
                    root=dataset.root.as_posix(),
                    participant=participant,
                    group=group,
                    seed=config["seed"],
                    code=code_of("simulate.py"),
                conda:
                    "../../envs/ingest.yaml"
                threads: 1
                resources:
                    mem_mb=1000,
                    runtime=10,
                script:
                    "../scripts/simulate.py"
