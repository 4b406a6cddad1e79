"""What travels with the package: seed annotations, sample responses, the rubric, sources.yaml."""
