# /// script
# dependencies = ["rdkit==2026.9.1"]
# ///
"""Rows that the embedded invariance suite is made of: src/embedded/invariance/sources.jsonl.

Run: python scripts/oracles/invariance-sources.py src/embedded/demo/pairs.jsonl src/embedded/invariance/sources.jsonl (no random number)
Then: make-pairs --invariance src/embedded/invariance/sources.jsonl --output invariance.jsonl (gzip -9n)
From the demo pairs, of which MOSES has neither charges nor stereocentres, some of each subset; and 50 molecules with stereocentres, double
bonds or counter-ions, named as IUPAC does: RDKit's CIP labels of every SMILES are held against the name.
"""
import json, sys
from rdkit import Chem, DataStructs
from rdkit.Chem import rdCIPLabeler, rdFingerprintGenerator
from rdkit.Chem.EnumerateStereoisomers import EnumerateStereoisomers

demo, target = sys.argv[1], sys.argv[2]
# name | SMILES | CIP labels, sorted
NAMED = r"""
(S)-2-aminopropanoic acid|C[C@H](N)C(=O)O|S
(R)-2-aminopropanoic acid|C[C@@H](N)C(=O)O|R
(S)-2-amino-3-methylbutanoic acid|CC(C)[C@H](N)C(=O)O|S
(S)-2-amino-3-phenylpropanoic acid|N[C@@H](Cc1ccccc1)C(=O)O|S
(R)-2-amino-3-sulfanylpropanoic acid|N[C@@H](CS)C(=O)O|R
(S)-pyrrolidine-2-carboxylic acid|OC(=O)[C@@H]1CCCN1|S
(S)-2-hydroxypropanoic acid|C[C@H](O)C(=O)O|S
(R)-2-hydroxypropanoic acid|C[C@@H](O)C(=O)O|R
(R)-1-phenylethanol|C[C@@H](O)c1ccccc1|R
(S)-1-phenylethan-1-amine|C[C@H](N)c1ccccc1|S
(S)-2-(6-methoxynaphthalen-2-yl)propanoic acid|COc1ccc2cc(ccc2c1)[C@H](C)C(=O)O|S
(S)-2-[4-(2-methylpropyl)phenyl]propanoic acid|CC(C)Cc1ccc(cc1)[C@H](C)C(=O)O|S
(R)-1-methyl-4-(prop-1-en-2-yl)cyclohexene|CC1=CC[C@@H](CC1)C(C)=C|R
(S)-3-(1-methylpyrrolidin-2-yl)pyridine|CN1CCC[C@H]1c1cccnc1|S
(R)-oxiran-2-ylmethanol|OC[C@@H]1CO1|R
(S)-2-chloropropanoic acid|C[C@H](Cl)C(=O)O|S
(R)-butan-2-ol|CC[C@@H](C)O|R
(S)-3-hydroxybutanoic acid|C[C@H](O)CC(=O)O|S
(2R,3R)-2,3-dihydroxybutanedioic acid|O[C@H]([C@@H](O)C(=O)O)C(=O)O|RR
(1R,2R)-cyclohexane-1,2-diol|O[C@@H]1CCCC[C@H]1O|RR
(2S,3R)-2-amino-3-hydroxybutanoic acid|C[C@@H](O)[C@H](N)C(=O)O|SR
(E)-3-phenylprop-2-enoic acid|OC(=O)/C=C/c1ccccc1|E
(Z)-but-2-enedioic acid|OC(=O)/C=C\C(=O)O|Z
(E)-but-2-enedioic acid|OC(=O)/C=C/C(=O)O|E
(E)-1,2-diphenylethene|c1ccccc1/C=C/c1ccccc1|E
(E)-but-2-enal|C/C=C/C=O|E
sodium acetate|CC(=O)[O-].[Na+]|
potassium benzoate|O=C([O-])c1ccccc1.[K+]|
sodium 2-hydroxybenzoate|O=C([O-])c1ccccc1O.[Na+]|
sodium 2-acetyloxybenzoate|CC(=O)Oc1ccccc1C(=O)[O-].[Na+]|
sodium (S)-2-hydroxypropanoate|C[C@H](O)C(=O)[O-].[Na+]|S
tetrabutylammonium bromide|CCCC[N+](CCCC)(CCCC)CCCC.[Br-]|
benzyltrimethylammonium chloride|C[N+](C)(C)Cc1ccccc1.[Cl-]|
choline chloride|C[N+](C)(C)CCO.[Cl-]|
acetylcholine chloride|CC(=O)OCC[N+](C)(C)C.[Cl-]|
1-butyl-3-methylimidazolium chloride|CCCCn1cc[n+](C)c1.[Cl-]|
N-methylpyridinium iodide|C[n+]1ccccc1.[I-]|
pyridinium chloride|c1cc[nH+]cc1.[Cl-]|
anilinium chloride|[NH3+]c1ccccc1.[Cl-]|
triethylammonium acetate|CC[NH+](CC)CC.CC(=O)[O-]|
lidocaine hydrochloride|CCN(CC)CC(=O)Nc1c(C)cccc1C.Cl|
procaine hydrochloride|CCN(CC)CCOC(=O)c1ccc(N)cc1.Cl|
diphenhydramine hydrochloride|CN(C)CCOC(c1ccccc1)c1ccccc1.Cl|
propranolol hydrochloride|CC(C)NCC(O)COc1cccc2ccccc12.Cl|
metformin hydrochloride|CN(C)C(=N)NC(N)=N.Cl|
(S)-2-amino-3-phenylpropanoic acid hydrochloride|N[C@@H](Cc1ccccc1)C(=O)O.Cl|S
sodium 4-methylbenzenesulfonate|Cc1ccc(cc1)S(=O)(=O)[O-].[Na+]|
sodium dodecyl sulfate|CCCCCCCCCCCCOS(=O)(=O)[O-].[Na+]|
disodium (2R,3R)-2,3-dihydroxybutanedioate|O[C@H]([C@@H](O)C(=O)[O-])C(=O)[O-].[Na+].[Na+]|RR
calcium diacetate|CC(=O)[O-].CC(=O)[O-].[Ca+2]|
""".strip().split("\n")
TAKEN = {"functional-group": 30, "molecule-formula": 30, "property": 30, "reaction-prediction": 30, "simple-formula": 10, "molecule-completion": 10}

named = [line.split("|") for line in NAMED]
mols = [Chem.MolFromSmiles(smiles) for _, smiles, _ in named]
largest = [max(Chem.GetMolFrags(mol, asMols=True), key=lambda part: part.GetNumAtoms()) for mol in mols]
morgan = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
prints = [morgan.GetFingerprint(part) for part in largest]
for (name, smiles, labels), mol in zip(named, mols):
    rdCIPLabeler.AssignCIPLabels(mol)
    found = [x.GetProp("_CIPCode") for x in [*mol.GetAtoms(), *mol.GetBonds()] if x.HasProp("_CIPCode")]
    assert sorted(found) == sorted(labels), (name, smiles, found)


def wrong(i):
    """Another stereoisomer; of a molecule without stereo the named one that is most like it, and has another largest part."""
    if "@" in named[i][1] or "/" in named[i][1]:
        bare = Chem.MolFromSmiles(Chem.MolToSmiles(mols[i], isomericSmiles=False))
        own = Chem.MolToSmiles(mols[i])
        return sorted(s for s in (Chem.MolToSmiles(m) for m in EnumerateStereoisomers(bare)) if s != own)[0]
    others = [j for j in range(len(named)) if Chem.MolToSmiles(largest[j]) != Chem.MolToSmiles(largest[i])]
    return named[max(others, key=lambda j: DataStructs.TanimotoSimilarity(prints[i], prints[j]))][1]


def row(i):
    name, smiles, _ = named[i]
    text = "<|think_start|>I read the name part by part. Then I write the atoms in order.<|think_end|><|answer_start|>{}<|answer_end|>"
    return {
        "id": f"named-{i + 1:02d}",
        "subset": "molecule-name",
        "problem_type": "molecule-name",
        "prompt": [{"role": "user", "content": f"What is the SMILES of {name}?"}],
        "chosen": text.format(smiles),
        "rejected": text.format(wrong(i)),
        "solution": f"product_eval!:!{smiles}!:!molecule-name",
    }


by_subset = {"molecule-name": [row(i) for i in range(len(named))]}
KEYS = ["id", "subset", "problem_type", "prompt", "chosen", "rejected", "solution"]
for line in open(demo):
    pair = json.loads(line)
    rows = by_subset.setdefault(pair["subset"], [])
    if len(rows) < TAKEN[pair["subset"]]:
        rows.append({key: pair[key] for key in KEYS})
# one of each subset after the other, so that the first n are a mixture
with open(target, "w") as out:
    for i in range(max(map(len, by_subset.values()))):
        for rows in by_subset.values():
            if i < len(rows):
                out.write(json.dumps(rows[i], ensure_ascii=False) + "\n")
