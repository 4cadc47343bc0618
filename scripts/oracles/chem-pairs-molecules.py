# /// script
# requires-python = ">=3.11"
# dependencies = ["rdkit==2026.9.1"]
# ///
"""The molecules of chem-pairs-v1: src/embedded/chem-pairs-v1/molecules.smi.gz.

    python scripts/oracles/chem-pairs-molecules.py CHEMICALS

CHEMICALS: the folder `chemicals` of PyPI's chemicals 1.5.2 (MIT, Caleb Bell and contributors), whose
Identifiers/chemical identifiers pubchem {small,large}.tsv list compounds of PubChem. Taken: organic molecules of 8 to 28
heavy atoms, in one part, without charge or isotope, whose flat canonical SMILES is in no text of the demo's training pairs
(scripts/training/train.jsonl.gz); of those a seeded sample, all of the small list first.
"""

import gzip
import json
import random
import re
import sys
from pathlib import Path

from rdkit import Chem, RDLogger

RDLogger.DisableLog("rdApp.*")
SEED, WANTED = 20261128, 6000
ROOT = Path(__file__).resolve().parents[2]
ELEMENTS = {"C", "N", "O", "S", "F", "Cl", "Br", "I"}


def flat(smiles: str) -> str | None:
    mol = Chem.MolFromSmiles(smiles)
    return None if mol is None else Chem.MolToSmiles(mol, isomericSmiles=False)


def training() -> set[str]:
    known, seen = set(), set()
    with gzip.open(ROOT / "scripts/training/train.jsonl.gz", "rt") as lines:
        for line in lines:
            row = json.loads(line)
            texts = [row["chosen"], row["rejected"], *(turn["content"] for turn in row["prompt"])]
            for word in re.findall(r"[^\s<>|,;?!'\"]{3,}", " ".join(texts)):
                for part in {word, word.rstrip("."), *word.split(".")}:
                    if part not in seen and re.search("[CcNnOo]", part):
                        seen.add(part)
                        known.add(flat(part))
    return known - {None}


def main(folder: Path) -> None:
    known = training()
    taken, kept = [], set()
    rng = random.Random(SEED)
    for name in ("small", "large"):
        path = folder / "Identifiers" / f"chemical identifiers pubchem {name}.tsv"
        smiles = [line.split("\t")[4] for line in path.read_text(encoding="utf8").splitlines()]
        rng.shuffle(smiles)
        for text in smiles:
            mol = Chem.MolFromSmiles(text)
            if mol is None or "." in text or not 8 <= mol.GetNumHeavyAtoms() <= 28:
                continue
            atoms = list(mol.GetAtoms())
            if any(a.GetSymbol() not in ELEMENTS or a.GetFormalCharge() != 0 and a.GetSymbol() not in "NO" or a.GetIsotope() for a in atoms):
                continue
            if Chem.GetFormalCharge(mol) != 0 or not any(a.GetSymbol() == "C" for a in atoms):
                continue
            plain = flat(text)
            if plain in known or plain in kept:
                continue
            kept.add(plain)
            taken.append(Chem.MolToSmiles(mol))
            if len(taken) == WANTED:
                break
        if len(taken) == WANTED:
            break
    target = ROOT / "src/embedded/chem-pairs-v1/molecules.smi.gz"
    with open(target, "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as out:
        out.write("".join(f"{s}\n" for s in taken).encode())
    print(f"{len(known)} molecules of the training pairs; {len(taken)} taken")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
