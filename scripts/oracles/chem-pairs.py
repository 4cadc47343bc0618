# /// script
# requires-python = ">=3.11,<3.13"
# dependencies = ["rdkit==2026.9.1", "exmol==3.3.0", "molbloom==3.2.0", "regex", "datasets", "httpx==0.28.1", "tenacity==9.2.1"]
# ///
"""What Python's ether0 says of every pair of chem-pairs-v1: test/data/make/chem-pairs-v1.json.

    PYTHONPATH=ether0/src python scripts/oracles/chem-pairs.py [PAIRS]

ether0: https://github.com/Future-House/ether0, commit c8cc676354e926b50ad206a606e04489bc9c95e3, whose two filters (Git LFS) are
replaced by src/embedded/chem/{rings,fingerprints}.bloom; no pair's verdict depends on them, which is checked here too: each pair is
judged a second time with filters that know nothing. Checked besides, with RDKit alone: the distance (1 - Tanimoto, Morgan radius 2, 2,048
bits), that chosen and rejected are two molecules, and that no molecule of scripts/training/train.jsonl.gz is in a pair.
"""

import gzip
import hashlib
import json
import logging
import re
import sys
from pathlib import Path

from rdkit import Chem, DataStructs, RDLogger, rdBase
from rdkit.Chem import rdFingerprintGenerator

import ether0.data
import ether0.rewards
from ether0.rewards import accuracy_reward, format_reward

RDLogger.DisableLog("rdApp.*")
logging.disable(logging.CRITICAL)
ROOT = Path(__file__).resolve().parents[2]
# counter-ions of the salts, which reagents of the training data have, too
IONS = {"[Na+]", "[K+]", "[Li+]", "[Cl-]", "[Br-]"}
PAIRS = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "src/embedded/chem-pairs-v1/pairs.jsonl.gz"
MORGAN = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)


def answer(text: str) -> str:
    return text.split("<|answer_start|>")[-1].split("<|answer_end|>")[0]


def flat(smiles: str) -> str | None:
    mol = Chem.MolFromSmiles(smiles)
    return None if mol is None or mol.GetNumAtoms() == 0 else Chem.MolToSmiles(mol, isomericSmiles=False)


def mentioned(text: str) -> set[str]:
    words = set(re.findall(r"[^\s<>|,;?!'\"]+", text))
    parts = {part for word in words for whole in (word, word.rstrip(".")) for part in (whole, *whole.split("."))}
    return {flat(part) for part in parts if part} - {None}


def judge(rows: list[dict]) -> list[tuple]:
    verdicts = []
    for row in rows:
        texts, solutions = [row["chosen"], row["rejected"]], [row["solution"]] * 2
        metadata: list[dict] = []
        rewards = accuracy_reward(texts, solutions, reasoning=True, metadata=metadata)
        formats = format_reward(texts, reasoning=True)
        verdicts.append((*rewards, *formats, *(m.get("reward_reason") for m in metadata)))
    return verdicts


def main() -> None:
    opened = gzip.open(PAIRS, "rt") if PAIRS.suffix == ".gz" else PAIRS.open()
    with opened as lines:
        text = lines.read()
    rows = [json.loads(line) for line in text.splitlines()]
    verdicts = judge(rows)
    ether0.rewards.is_reasonable_fp = ether0.rewards.is_reasonable_ring_system = lambda mol, ref=None: True
    everything_known = judge(rows)
    with gzip.open(ROOT / "scripts/training/train.jsonl.gz", "rt") as lines:
        training = set()
        for line in lines:
            row = json.loads(line)
            training |= mentioned(" ".join([row["chosen"], row["rejected"], *(turn["content"] for turn in row["prompt"])]))
    furthest, same, known = 0.0, [], []
    for row in rows:
        right, wrong = answer(row["chosen"]), answer(row["rejected"])
        shown = [part for word in row["prompt"].split() if not word.startswith("InChI") for part in word.rstrip(".?,").split(">")[0].split(".")]
        molecules = {flat(part) for part in [*right.split("."), *wrong.split("."), *shown] if part} - {None}
        if row["distance"] is not None:
            a, b = (Chem.MolFromSmiles(part) for part in (right, wrong))
            distance = 1 - DataStructs.TanimotoSimilarity(MORGAN.GetFingerprint(a), MORGAN.GetFingerprint(b))
            furthest = max(furthest, abs(distance - row["distance"]))
            if Chem.MolToSmiles(a) == Chem.MolToSmiles(b):
                same.append(row["id"])

        if any(molecule in training and molecule not in IONS for molecule in molecules):
            known.append(row["id"])
    digest = hashlib.sha256("".join(json.dumps(v) + "\n" for v in verdicts).encode()).hexdigest()
    result = {
        "rdkit": rdBase.rdkitVersion,
        "pairs": len(rows),
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "chosen_1": sum(v[0] == 1 for v in verdicts),
        "rejected_0": sum(v[1] == 0 for v in verdicts),
        "formatted_both": sum(v[2] == 1 and v[3] == 1 for v in verdicts),
        "verdicts_sha256": digest,
        "verdicts_that_change_without_filters": sum(a[:4] != b[:4] for a, b in zip(verdicts, everything_known)),
        "largest_error_of_distance": furthest,
        "pairs_of_one_molecule": same,
        "pairs_with_a_molecule_of_the_training_data": known,
    }
    target = ROOT / "test/data/make/chem-pairs-v1.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(result, indent=2) + "\n")
    print(target.read_text())


if __name__ == "__main__":
    main()
