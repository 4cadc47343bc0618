# /// script
# requires-python = ">=3.11"
# dependencies = ["selfies==2.2.0", "rdkit==2026.9.1"]
# ///
"""What Python's `selfies.encoder` says: the golden corpus of src/chem/oracles/selfies.ts.

Reads SMILES, one a line, from the files given; adds for every molecule that RDKit parses its canonical, non-isomeric, Kekule and
two seeded random forms (random forms exercise ring and branch orders, Kekule choices and chirality inversions). Writes
test/data/oracles/selfies.jsonl.gz: one {"smiles", "selfies": string | null} a line, null where the encoder raises.

    python scripts/oracles/solubility_selfies.py molecules.smi
"""

import gzip
import json
import random
import sys
from pathlib import Path

import selfies
from rdkit import Chem, RDLogger

SEED = 20261121
OUT = Path(__file__).parents[2] / "test/data/oracles/selfies.jsonl.gz"

# Parser edges and large fused systems, where the greedy matching fails and augmenting paths choose the Kekule structure.
EDGES = """
C1=CC2=CC=C3C=CC4=CC=C5C=CC6=CC=C1C7=C2C3=C4C5=C67
c1cc2ccc3ccc4ccc5ccc6ccc1c1c2c3c4c5c61
c12c3c4c5c1c1c6c7c2c2c8c3c3c9c4c4c%10c5c5c1c1c6c6c%11c7c2c2c7c8c3c3c8c9c4c4c9c%10c5c5c1c1c6c6c%11c2c2c7c3c3c8c4c4c9c5c1c1c6c2c3c41
c1ccc2cc3cc4cc5cc6ccccc6cc5cc4cc3cc2c1
c1ccc2c(c1)c1cccc3c1c1c2cccc1c1ccccc31
C1CC1 C11 C=1CC1 C=1CC=1 C=1CC#1 C/1=C/CCCCCC1 C1=CC=CC=C\\1 C-1CC1 C%12CC%12 C%1CC%1 C(C)(C C(C)) (C) C() C(=O)=O C. .C C..C C.C
C=(O) C== = [C] [CH] [CH0] [CH9] [13CH4] [0C] [013C] [C+] [C++] [C+2] [C--] [C-0] [Fe+3] [Zz] [*] * C$C [C@TH1](F)(Cl)(Br)I [C@@@H](F)Cl
[nH]1cccc1 n1cccc1 [n+]1ccccc1 [nH+]1ccccc1 o1cccc1 [o+]1ccccc1 s1cccc1 [se]1cccc1 [te]1cccc1 b1ccccc1 p1ccccc1 [as]1ccccc1 [si]1ccccc1 [Si]1ccccc1
c c1cccc1 c1ccccc1-c1ccccc1 c1ccccc1c1ccccc1 c:1:c:c:c:c:c1 C:C C:1:C:C:C:C:C1 N:N [Na]:[Cl] [cH-]1cccc1 [c-]1cccc1 [c]1ccccc1 O=c1cc[nH]cc1
F/C=C/F F\\C=C\\F F/C=C1/CCCO1 C/C=C/1CCCC1 CC1=C/CCCC/C=C/1 N[C@@H](C)C(=O)O N[C@]1(C)CCO1 C[C@@]12CC[C@H](C1)C2 [C@H]1(F)CC1 [C@@]123CC1CC2C3
[2H]C([2H])[2H] [H][H] [H+] [OH-] [NH4+] [Cl-].[Na+] C[N+](C)(C)C O=[N+]([O-])c1ccccc1 FS(F)(F)(F)(F)F OP(=O)(O)O ClCl(Cl)Cl N(=O)(=O)C CN(C)(C)(C)C O=Cl(=O)(=O)O
[CH3:1][OH:2] [C:12] [cl] [Cu+2] [UH6] [Pt@SP1](F)(Cl)(Br)I c1ccccc1.c1ccccc1 C1.C1 CCé %%1 C%ab C]C [C [] 1CC1 C((C))C C(C)(C)(C)(C)C
"""


def encode(smiles: str) -> str | None:
    try:
        return selfies.encoder(smiles)
    except Exception:  # noqa: BLE001  (KDESol.encoder catches everything, too)
        return None


def forms(smiles: str, rng: random.Random) -> list[str]:
    mol = Chem.MolFromSmiles(smiles)
    if mol is None or mol.GetNumAtoms() == 0:
        return []
    out = [Chem.MolToSmiles(mol), Chem.MolToSmiles(mol, isomericSmiles=False)]
    out += Chem.MolToRandomSmilesVect(mol, 2, randomSeed=rng.randrange(1, 2**31 - 1))
    kekule = Chem.Mol(mol)
    try:
        Chem.Kekulize(kekule, clearAromaticFlags=True)
        out.append(Chem.MolToSmiles(kekule, kekuleSmiles=True))
    except Chem.KekulizeException:
        pass
    return out


def main() -> None:
    RDLogger.DisableLog("rdApp.*")
    rng = random.Random(SEED)
    smiles: dict[str, None] = dict.fromkeys(["", *EDGES.split()])
    for name in sys.argv[1:]:
        for line in Path(name).read_text(encoding="utf-8").splitlines():
            smiles[line] = None
    for s in list(smiles):
        for form in forms(s, rng):
            smiles[form] = None
    lines = [json.dumps({"smiles": s, "selfies": encode(s)}, ensure_ascii=False, separators=(",", ":")) for s in smiles]
    with open(OUT, "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as out:
        out.write(("\n".join(lines) + "\n").encode())
    print(f"{len(lines)} strings, {sum(chr(34) + 'selfies' + chr(34) + ':null' in line for line in lines)} without SELFIES -> {OUT}")


if __name__ == "__main__":
    main()
