# /// script
# dependencies = ["rdkit==2026.9.1"]
# ///
"""Every completion of the embedded invariance suite, held against Python's RDKit: test/data/invariance/suite.json.

Run: python scripts/oracles/invariance-suite.py src/embedded/invariance/invariance.jsonl.gz test/data/invariance/suite.json (no random number)
`same` of each must be the equality of canonical isomeric SMILES, and of InChI where both have one; of a text that is no molecule (formulas, parts
of SMILES) the equality of the text. Answers are read with patterns of this script's own. Exit code 1 where one differs.
"""
import collections, gzip, hashlib, json, re, sys
from rdkit import Chem, RDLogger

RDLogger.DisableLog("rdApp.*")
source, target = sys.argv[1], sys.argv[2]
data = gzip.open(source, "rb").read()


def answer(text):
    found = re.findall(r"<\|answer_start\|>(.*?)<\|answer_end\|>", text, re.S) or re.findall(r"<answer>(.*?)</answer>", text, re.S)
    if not found:
        return None
    bare = found[-1].strip()
    fence = re.fullmatch(r"```\w*\n(.*?)\n```", bare, re.S)
    return fence.group(1).strip() if fence else bare


def molecule(text):
    return None if text is None or re.search(r"\s", text) else Chem.MolFromSmiles(text)


counts = collections.defaultdict(lambda: collections.Counter())
wrong, compared = [], 0
for line in data.decode().splitlines():
    row = json.loads(line)
    first, *others = row["completions"]
    part = row["solution"].startswith("valid_mol_eval")
    assert first["transformation"] == "original" and first["same"] is True
    base_text = answer(first["completion"])
    base = None if part else molecule(base_text)
    for one in others:
        text = answer(one["completion"])
        if base is None:
            same = text == base_text
        else:
            mol = molecule(text)
            same = mol is not None and Chem.MolToSmiles(mol) == Chem.MolToSmiles(base)
            if mol is not None:
                a, b = Chem.MolToInchi(mol), Chem.MolToInchi(base)
                if a and b:
                    compared += 1
                    if (a == b) != same:
                        wrong.append([row["id"], one["transformation"], "InChI", text])
        counts[one["transformation"]]["same" if same else "changed"] += 1
        if same != one["same"]:
            wrong.append([row["id"], one["transformation"], "SMILES", text])
for one in wrong:
    print(one)
json.dump(
    {"sha256": hashlib.sha256(data).hexdigest(), "by_inchi_too": compared, "wrong": len(wrong), "transformations": {k: dict(v) for k, v in counts.items()}},
    open(target, "w"), indent=1,
)
open(target, "a").write("\n")
sys.exit(1 if wrong else 0)
