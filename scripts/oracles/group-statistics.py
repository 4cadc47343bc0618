"""Statistics of groups beyond the goldens: test/data/groups/statistics.json.gz.

Run: python scripts/oracles/group-statistics.py test/data/groups/golden.json.gz test/data/groups/statistics.json.gz
(numpy 2.4.6, scipy 1.17.1, scikit-learn 1.9.1; no random number)
Of each group of the golden file: ndcg (scikit-learn), mrr (SciPy's negative hypergeometric), best of 4 (every row drawn, RewardBench's rule),
gap, spread, the vote's expectation (every subset). Over all: the reward of the top share (numpy), classifier accuracy (scikit-learn), and the
decline after the peak with every resample of five groups.
"""
import gzip, itertools, json, math, sys
import numpy as np
from scipy import stats
from sklearn import metrics

source, target = sys.argv[1], sys.argv[2]
golden = json.load(gzip.open(source, "rt"))
nan = lambda v: None if v is None or not math.isfinite(v) else float(v)


def mrr(scores, right):
    """E[1 / rank of the first right one], equal scores in random order."""
    order = sorted(set(scores), reverse=True)
    before = 0
    for score in order:
        block = [r for s, r in zip(scores, right) if s == score]
        good = sum(block)
        if good:
            if good == len(block):
                return 1 / (before + 1)
            # nhypergeom(M, n, r): successes (n of them) drawn before the r-th failure; failures are the right ones here
            dist = stats.nhypergeom(len(block), len(block) - good, 1)
            return float(sum(dist.pmf(k) / (before + 1 + k) for k in range(len(block) - good + 1)))
        before += len(block)
    return None


def result(scores):
    """rewardbench.utils.reroll_and_score_dataset: the first is right."""
    top = max(scores)
    return 1 / sum(s == top for s in scores) if scores[0] == top else 0


def best_of_4(scores, right):
    rows = [
        result([s] + list(others))
        for s, r in zip(scores, right) if r
        for others in itertools.combinations([t for t, q in zip(scores, right) if not q], 3)
    ]
    return float(np.mean(rows)) if rows else None


def winner(keys):
    counts = {}
    for key in keys:
        if key is not None:
            counts[key] = counts.get(key, 0) + 1
    return max(counts, key=counts.get) if counts else None  # the first of the largest, in order of appearance


def expected_vote(keys, correct):
    n = len(keys)
    totals = np.zeros(n)
    for mask in range(1, 2**n):
        members = [i for i in range(n) if mask >> i & 1]
        key = winner([keys[i] for i in members])
        first = next((i for i in members if key is not None and keys[i] == key), None)
        totals[len(members) - 1] += 0 if first is None else correct[first]
    return [float(totals[k] / math.comb(n, k + 1)) for k in range(n)]


groups, pooled = [], []
for g in golden["groups"]:
    used = g["expected"]["best_of_n_used"]
    s = [g["rm_scores"][i] for i in used]
    r = [g["rewards"][i] for i in used]
    correct = [int(x is not None and x >= g["threshold"]) for x in g["rewards"]]
    right = [bool(correct[i]) for i in used]
    ndcg = None
    if len(r) > 1 and any(x > 0 for x in r) and not any(x < 0 for x in r):
        ndcg = metrics.ndcg_score([r], [s])
    good, bad = [x for x, ok in zip(s, right) if ok], [x for x, ok in zip(s, right) if not ok]
    gap = min(good) - max(bad) if good and bad else None
    spread = max(good) - min(good) if len(good) > 1 else None
    with np.errstate(divide="ignore", invalid="ignore"):
        margin = None if gap is None or spread is None else float(np.nan_to_num(np.tanh(np.float64(gap) / spread - 1), nan=0.0))
    groups.append({
        "id": g["id"], "ndcg": nan(ndcg), "mrr": nan(mrr(s, right)), "best_of_4": best_of_4(s, right), "gap": gap, "spread": spread, "margin": margin,
        "vote_string": expected_vote(g["answers"], correct) if g["n"] <= 14 else None,
        "vote_canonical": expected_vote(g["vote_keys"], correct) if g["n"] <= 14 else None,
    })
    pooled += [(x, int(ok)) for x, ok in zip(s, right)]

scores, passes = np.array([p[0] for p in pooled]), np.array([p[1] for p in pooled])


def top(share):
    """Mean over the places at or above numpy's (1 - share)-quantile, equal scores at the border sharing the places that are left."""
    n = len(scores)
    places = n - math.ceil((1 - share) * (n - 1) - 1e-9)
    border = np.sort(scores)[n - places]
    above, level = passes[scores > border], passes[scores == border]
    return float((above.sum() + level.mean() * (places - len(above))) / places)


TOP = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]


def curve(s, r):
    """Expected reward of the best of n, every subset."""
    out = []
    for n in range(1, len(s) + 1):
        values = []
        for members in itertools.combinations(range(len(s)), n):
            best = max(s[i] for i in members)
            values.append(np.mean([r[i] for i in members if s[i] == best]))
        out.append(np.mean(values))
    return np.array(out)


# five groups of six: a score that is right up to the middle and wrong at the top
five = [
    {"scores": [1, 2, 3, 4, 5, 6], "rewards": [0, 0, 1, 1, 1, 0]},
    {"scores": [1, 2, 3, 4, 5, 6], "rewards": [0, 1, 0, 1, 1, 0]},
    {"scores": [3, 3, 1, 2, 5, 4], "rewards": [1, 0, 0, 0, 0, 1]},
    {"scores": [1, 2, 3, 4, 5, 5], "rewards": [0, 0, 0, 1, 0, 1]},
    {"scores": [6, 5, 4, 3, 2, 1], "rewards": [1, 0, 1, 0, 0, 0]},
]
curves = np.array([curve(f["scores"], f["rewards"]) for f in five])
mean = curves.mean(axis=0)
peak = int(np.argmax(mean >= mean.max() - 1e-12))
decline = mean[peak] - mean[-1]
hits = 0
for draw in itertools.product(range(5), repeat=5):
    drawn = curves[list(draw)].mean(axis=0)
    hits += max(0, (drawn - drawn[-1] - (mean - mean[-1])).max()) >= decline - 1e-12

out = {
    "groups": groups,
    "top": [{"share": share, "value": top(share)} for share in TOP],
    "classifier_accuracy": metrics.accuracy_score(passes, scores > 0.5),
    "completions": len(pooled),
    "decline": {"groups": five, "mean": mean.tolist(), "peak_n": peak + 1, "decline": float(decline), "p": hits / 5**5},
}
with open(target, "wb") as f:
    f.write(gzip.compress((json.dumps(out, indent=1) + "\n").encode(), mtime=0))
