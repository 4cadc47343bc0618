# /// script
# requires-python = ">=3.11"
# dependencies = ["rdkit==2026.9.1"]
# ///
"""Murcko scaffolds as RDKit gives them: test/data/make/scaffolds.jsonl.gz, for every 20th molecule of chem-pairs-v1's list and some by hand.

    python scripts/oracles/scaffolds.py
"""

import gzip
import json
from pathlib import Path

from rdkit import Chem
from rdkit.Chem.Scaffolds import MurckoScaffold

ROOT = Path(__file__).resolve().parents[2]
BY_HAND = [
    "CCO", "c1ccccc1", "Cn1ccnc1", "Cc1c[nH]c2ccccc12", "O=C(c1ccccc1)c1ccccc1", "O=C1CCCN1CCc1ccccc1", "C[N+]1(C)CCCCC1", "C=C1CCCCC1",
    "CC(=O)Oc1ccccc1C(=O)O", "C1CC12CC2", "C[C@H]1CC[C@@H](O)CC1", "CC/C=C/c1ccccc1", "O=S(=O)(c1ccccc1)N1CCOCC1", "[O-][n+]1ccccc1C",
    "CC(C)(c1ccccc1)c1ccccc1", "C1CCC(CC1)=NO", "CP(c1ccccc1)c1ccccc1", "CCN1C(=O)C(=Cc2ccccc2)SC1=S", "CC1=NN(c2ccccc2)C(=O)C1",
]

with gzip.open(ROOT / "src/embedded/chem-pairs-v1/molecules.smi.gz", "rt") as lines:
    smiles = BY_HAND + lines.read().split()[::20]
rows = []
for text in smiles:
    flat = Chem.MolFromSmiles(Chem.MolToSmiles(Chem.MolFromSmiles(text), isomericSmiles=False))
    scaffold = Chem.MolToSmiles(MurckoScaffold.GetScaffoldForMol(flat))
    rows.append({"smiles": text, "scaffold": Chem.MolToSmiles(Chem.MolFromSmiles(scaffold), isomericSmiles=False)})
target = ROOT / "test/data/make/scaffolds.jsonl.gz"
target.parent.mkdir(parents=True, exist_ok=True)
with open(target, "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as out:
    out.write("".join(json.dumps(row) + "\n" for row in rows).encode())
print(len(rows))
