# /// script
# requires-python = ">=3.11"
# dependencies = ["rdkit==2026.3.1"]
# ///
"""How the rejected answers of the embedded pairs fail, by RDKit's Python: test/data/agreement/pair-faults.csv.

Run: python scripts/oracles/pair-faults.py <folder of src/embedded> test/data/agreement   (rdkit 2025.9.3)
Reads demo/pairs.jsonl whole and every fifth row of chem-pairs-v1/pairs.jsonl.gz. Answers are found by a regular expression, formulas
compared by counting atoms, molecules by RDKit's own fingerprint generator; ether0's reasons are those of the files. Columns: data, id, fault,
well_formed, tanimoto (15 digits, empty where there are no two molecules to compare).
"""
import csv, gzip, json, math, re, sys
from collections import Counter
from pathlib import Path
from rdkit import Chem, DataStructs, RDLogger
from rdkit.Chem import rdFingerprintGenerator, rdMolDescriptors

RDLogger.DisableLog("rdApp.*")
embedded, target = map(Path, sys.argv[1:3])
morgan = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
STRICT = re.compile(r"\s?<\|think_start\|>(?:(?!<\|think_start\|>).)*?<\|think_end\|>(?:(?!<\|think_start\|>).)*?<\|answer_start\|>\s*((?:(?!<\|answer_start\|>).)*\S)\s*<\|answer_end\|>", re.S)


def answer(text):
    found = STRICT.fullmatch(text)
    return found and found[1].strip()


def molecule(text):
    if re.search(r"\s", text):
        return None
    mol = Chem.MolFromSmiles(text)
    return mol if mol is not None and mol.GetNumAtoms() else None


def atoms(formula):
    """Atoms of a molecular formula with hydrogen; None for other text."""
    if not re.fullmatch(r"([A-Z][a-z]?\d*)+", formula) or not re.search(r"H(?![a-z])", formula):
        return None
    total = Counter()
    for element, n in re.findall(r"([A-Z][a-z]?)(\d*)", formula):
        total[element] += int(n or 1)
    return total


def fault(row):
    """(fault, well-formed, Tanimoto) of a row whose chosen answer passes."""
    reason = row["rejected_reason"]
    right, given = answer(row["chosen"]), answer(row["rejected"])
    assert row["chosen_reward"] == 1 and row["rejected_reward"] == 0 and right, row["id"]
    if given is None:
        assert reason == "format_failed", row["id"]
        return "format", 0, None
    if reason in ("invalid_mol", "invalid_rxn"):
        return "invalid", 0, None
    if reason in ("failed_ring_check", "failed_reos_check", "failed_counterion_check"):
        return "implausible", 1, None
    a, b = atoms(right), atoms(given)
    if a is not None:
        near = b is not None and math.sqrt(sum((a[e] - b[e]) ** 2 for e in {*a, *b})) <= math.sqrt(5)
        return ("near_miss" if near else "wrong"), 1, None
    x, y = molecule(right), molecule(given)
    if x is None:
        return "wrong", 1, None
    if y is None:
        return ("invalid", 0, None) if len(right) > 3 else ("wrong", 1, None)
    similarity = DataStructs.TanimotoSimilarity(morgan.GetFingerprint(x), morgan.GetFingerprint(y))
    isomers = rdMolDescriptors.CalcMolFormula(x) == rdMolDescriptors.CalcMolFormula(y)
    return ("near_miss" if similarity >= 0.4 or isomers else "wrong"), 1, similarity


demo = [json.loads(line) for line in (embedded / "demo/pairs.jsonl").read_text().splitlines()]
with gzip.open(embedded / "chem-pairs-v1/pairs.jsonl.gz", "rt") as lines:
    chem = [json.loads(line) for line in lines][::5]
with open(target / "pair-faults.csv", "w", newline="") as file:
    out = csv.writer(file, lineterminator="\n")
    out.writerow(["data", "id", "fault", "well_formed", "tanimoto"])
    for name, rows in (("demo-pairs", demo), ("chem-pairs-v1", chem)):
        for row in rows:
            kind, formed, similarity = fault(row)
            out.writerow([name, row["id"], kind, formed, "" if similarity is None else f"{similarity:.15g}"])
