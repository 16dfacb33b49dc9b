include: "workflow/Snakefile"


workflow.default_target = "all"  # an include does not bring it along
