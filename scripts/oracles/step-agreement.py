# /// script
# requires-python = ">=3.11"
# dependencies = ["scikit-learn==1.9.1", "numpy==2.4.6", "scipy==1.17.1"]
# ///
"""Learned step rewards beside verdicts on claims: what scikit-learn and SciPy say of seeded data. Writes test/data/steps/agreement.json."""
import json
import math
import random

import sklearn
from scipy.stats import kendalltau, spearmanr
from sklearn.metrics import accuracy_score, average_precision_score, roc_auc_score

SEED = 20261127
KINDS = ["atom_count", "formula", "molar_mass"]
random.seed(SEED)


def step():
    claims = []
    for kind in KINDS:
        if random.random() < 0.4:
            claims.append({"kind": kind, "outcome": "pass" if random.random() < 0.6 else "fail"})
    if not claims:
        verdict = "unverifiable"
    else:
        verdict = "fail" if any(c["outcome"] == "fail" for c in claims) else "pass"
    drift = {"pass": 0.25, "fail": -0.2, "unverifiable": 0.0}[verdict]
    # few values, so that there are ties
    reward = round(min(1, max(0, random.random() * 0.7 + 0.15 + drift)), 1)
    return {"verdict": verdict, "claims": claims, "reward": reward}


rows = [
    {"id": f"r{i}", "subset": "a" if i % 3 else "b", "cluster": f"c{i // 2}", "steps": [step() for _ in range(random.randint(1, 6))]}
    for i in range(60)
]
# of two rows a reward is missing
rows[4]["steps"][0]["reward"] = None
rows[9]["steps"][-1]["reward"] = None


def of_kind(s, kind):
    own = [c for c in s["claims"] if c["kind"] == kind]
    return None if not own else all(c["outcome"] == "pass" for c in own)


def verdict(s, _=None):
    return None if s["verdict"] == "unverifiable" else s["verdict"] == "pass"


def statistics(part, label, together):
    """together: a row with a missing reward among its judged steps is left out as a whole."""
    pairs, every, found, seen, wrong, right = [], [], 0, 0, 0, 0
    for row in part:
        judged = [(label(s), s["reward"]) for s in row["steps"] if label(s) is not None]
        every += [y for y, _ in judged]
        if together and any(r is None for _, r in judged):
            continue
        pairs += [(y, r) for y, r in judged if r is not None]
        if not together:
            continue
        first = next((i for i, (y, _) in enumerate(judged) if not y), -1)
        called = next((i for i, (_, r) in enumerate(judged) if r < 0.5), -1)
        if first == -1:
            right += 1
            seen += called == -1
        else:
            wrong += 1
            found += called == first
    y = [int(a) for a, _ in pairs]
    r = [b for _, b in pairs]
    out = {
        "n": len(pairs),
        # of all judged steps, with a reward or without
        "pass_rate": sum(every) / len(every),
        "auroc": roc_auc_score(y, r),
        "average_precision": average_precision_score(y, r),
        "kendall_tau_b": kendalltau(y, r).statistic,
        "spearman": spearmanr(y, r).statistic,
    }
    if together:
        out["step_accuracy"] = accuracy_score(y, [int(v >= 0.5) for v in r])
        a, b = found / wrong, seen / right
        out |= {"first_error_found": a, "no_error_seen": b, "process_bench_f1": 2 * a * b / (a + b)}
    assert all(math.isfinite(v) for v in out.values())
    return out


expected = {}
for together in (True, False):
    name = "probabilities" if together else "scores"
    expected[name] = {
        "all": statistics(rows, verdict, together),
        **{s: statistics([r for r in rows if r["subset"] == s], verdict, together) for s in ("a", "b")},
        **{f"claim:{k}": statistics(rows, lambda s, k=k: of_kind(s, k), together) for k in KINDS},
    }
steps = [s for r in rows for s in r["steps"]]
expected["shares"] = {
    "step_decided_rate": sum(s["verdict"] != "unverifiable" for s in steps) / len(steps),
    "step_pass_rate": sum(s["verdict"] == "pass" for s in steps) / sum(s["verdict"] != "unverifiable" for s in steps),
}
with open("test/data/steps/agreement.json", "w") as out:
    json.dump({"made_with": f"scikit-learn {sklearn.__version__}, seed {SEED}", "rows": rows, "expected": expected}, out)
    out.write("\n")
print(json.dumps(expected, indent=1)[:1500])
