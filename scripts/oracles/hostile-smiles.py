# /// script
# requires-python = ">=3.11"
# dependencies = ["rdkit==2026.9.1", "exmol==3.3.0", "molbloom==3.2.0", "datasets==5.2.0", "pydantic", "regex", "httpx", "tenacity"]
# ///
"""What ether0's Python says of hostile SMILES strings, with what the rewards ask of RDKit on the way:

    python scripts/oracles/hostile-smiles.py ETHER0/src src/embedded/chem IN.jsonl OUT.jsonl [SECONDS]

IN: one JSON object a line with `smiles` (scripts/bench/hostile.ts --write). Each molecule is judged in a process that is ended after
SECONDS (default 20) or at 4 GB of memory: `{"ended": "timeout" | "crash"}` then. Seeded by its input alone.
"""

import json
import multiprocessing
import os
import resource
import sys
import time


def call(function, *args):
    try:
        return {"value": function(*args)}
    except Exception as error:
        return {"error": {"class": type(error).__name__, "message": str(error).split("\n")[0][:200]}}


def serve(pipe, source, blooms):
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    os.environ.setdefault("ETHER0_REMOTES_API_BASE_URL", "http://127.0.0.1:9")
    os.environ.setdefault("ETHER0_REMOTES_API_TOKEN", "none")
    sys.path.insert(0, source)
    import logging

    logging.disable(logging.CRITICAL)
    from rdkit import Chem, RDLogger

    RDLogger.DisableLog("rdApp.*")
    from rdkit.Chem.rdMolDescriptors import CalcMolFormula

    import ether0.data as data
    import ether0.rewards as rewards
    import exmol
    from molbloom import BloomFilter, canon

    for name in ("rings", "fingerprints"):
        data.bloom_filters[name] = BloomFilter(os.path.join(blooms, f"{name}.bloom"))

    def verdict(function, *args):
        metadata = {}
        found = call(lambda: function(*args, metadata=metadata))
        found["reason"] = metadata.get("reward_reason")
        return found

    def judge(smiles):
        start = time.process_time()
        read = call(data.mol_from_smiles, smiles)
        if "error" in read:
            return {"read": read, "valid_mol_eval": verdict(rewards.valid_mol_eval, smiles, "")}
        mol = read["value"]
        if mol is None:
            return {"valid": False, "seconds": time.process_time() - start}
        row = {
            "valid": True,
            "n_atoms": mol.GetNumAtoms(),
            "n_heavy": mol.GetNumHeavyAtoms(),
            "smiles_out": call(Chem.MolToSmiles, mol),
            "flat": call(lambda: Chem.MolToSmiles(mol, isomericSmiles=False)),
            "canon": call(canon, smiles),
            "formula": call(CalcMolFormula, mol),
            "bits": call(lambda: sorted(int(bit) for bit in data._get_bits(mol))),
            "ring_system_canon": call(lambda: [canon(ring) for ring in data.get_ring_system(Chem.Mol(mol))]),
            "bad_substructure": call(rewards.contains_bad_substruct, mol),
        }
        row["valid_mol_eval"] = verdict(rewards.valid_mol_eval, smiles, "")
        formula = row["formula"].get("value", "")
        if mol.GetNumAtoms() <= 100:  # exmol takes minutes for larger ones
            row["functional_groups"] = call(lambda: sorted(exmol.get_functional_groups(mol, return_all=True)))
            row["functional_group_eval"] = verdict(rewards.functional_group_eval, smiles, str((formula, ["aromatic"])))
        row["formula_eval"] = verdict(rewards.formula_eval, smiles, smiles)
        row["product_eval"] = verdict(rewards.product_eval, smiles, smiles)
        row["caption_eval"] = verdict(rewards.caption_eval, smiles, smiles)
        row["seconds"] = time.process_time() - start
        return row

    pipe.send("ready")
    while True:
        pipe.send(judge(pipe.recv()))


def main():
    source, blooms, given, out, *rest = sys.argv[1:]
    seconds = float(rest[0]) if rest else 20
    context = multiprocessing.get_context("spawn")
    process = pipe = None
    with open(given) as lines, open(out, "w") as results:
        for line in lines:
            smiles = json.loads(line)["smiles"]
            if process is None:
                pipe, end = context.Pipe()
                process = context.Process(target=serve, args=(end, source, blooms), daemon=True)
                process.start()
                end.close()
                assert pipe.recv() == "ready"
            try:
                pipe.send(smiles)
                row = pipe.recv() if pipe.poll(seconds) else {"ended": "timeout"}
            except (EOFError, ConnectionResetError, BrokenPipeError):
                row = {"ended": "crash"}
            if "ended" in row:
                process.kill()
                process.join()
                process = None
            results.write(json.dumps({"smiles": smiles, **row}) + "\n")
            results.flush()


if __name__ == "__main__":
    main()
