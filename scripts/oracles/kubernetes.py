# /// script
# requires-python = ">=3.11"
# dependencies = ["kubernetes-validate==1.37.0", "pyyaml"]
# ///
"""Validates what submit-eval-jobs writes for Kubernetes against the API's schemas, strictly: an unknown field is an error.

    npx submit-eval-jobs --runs runs.yaml --engine kubernetes --shards 8 --image me/chemherm --volume-claim results --output-dir out
    python scripts/oracles/kubernetes.py out/jobs

podFailurePolicy and backoffLimitPerIndex are stable from 1.31 and 1.33 on. Exit code 1 where a manifest is refused.
"""

import sys
from pathlib import Path

import kubernetes_validate
import yaml

VERSIONS = ["1.31", "1.33", "1.37"]


def main(folder: str) -> int:
    wrong = 0
    paths = sorted([*Path(folder).glob("*/job*.yaml"), *Path(folder).glob("analyze.yaml")])
    if not paths:
        print(f"{folder} has no manifests")
        return 1
    for path in paths:
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
            for version in VERSIONS:
                try:
                    kubernetes_validate.validate(document, version, strict=True)
                    print(f"{path}: {document['kind']} is valid in {version}")
                except kubernetes_validate.ValidationError as error:
                    wrong += 1
                    print(f"{path}: {document['kind']} is refused by {version}: {error.message}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
