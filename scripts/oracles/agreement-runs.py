"""Small seeded runs, and every number that analyze makes of one run, by another way: test/data/agreement/<case>/.

Run: python scripts/oracles/agreement-runs.py test/data/agreement [case …]   (numpy, pandas, scipy 1.17.1, scikit-learn 1.9.1, statsmodels 0.15.0)
Each case: pairs.csv and scores.csv as a run writes them, and expected.json with `statistics` (agreement.csv), `sections` (summary of
RewardBench's sections, intervals from 40,000 resamples or MOVER) and `intervals` (percentile bootstrap over prompts with other draws). null = undefined, which must be an empty cell with a reason.
"""
import json, math, sys, warnings
from pathlib import Path
import numpy as np, pandas as pd
from scipy import stats
from scipy.optimize import brentq
from scipy.special import expit
from sklearn import metrics
import statsmodels.api as sm
from statsmodels.stats.contingency_tables import StratifiedTable
from statsmodels.stats.proportion import proportion_confint

warnings.filterwarnings("ignore")
target = Path(sys.argv[1])


# ── runs ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
def write(name, rows):
    """rows: dicts of id, subset, cluster, chosen and rejected: lists of (score, reward, tokens, chars), None = absent."""
    scores, pairs = [], []
    status = lambda reward: "unverifiable" if reward is None else "pass" if reward >= 1 else "partial" if reward > 0 else "fail"
    for row in rows:
        for role in ("chosen", "rejected"):
            for index, (score, reward, tokens, _) in enumerate(row[role]):
                scores.append([row["id"], row["subset"], role, index, score, reward, status(reward), tokens])
        for c, (cs, cr, ct, cc) in enumerate(row["chosen"]):
            for r, (rs, rr, rt, rc) in enumerate(row["rejected"]):
                margin = None if cs is None or rs is None else cs - rs
                pairs.append([row["id"], row["subset"], r, cs, rs, margin, cr, rr, ct, rt, cc, rc, c, row["cluster"]])
    folder = target / name
    folder.mkdir(parents=True, exist_ok=True)
    s = pd.DataFrame(scores, columns=["id", "subset", "role", "index", "score", "verifiable_reward", "verifiable_status", "completion_tokens"])
    p = pd.DataFrame(pairs, columns="id subset rejected_index chosen_score rejected_score margin chosen_reward rejected_reward chosen_tokens rejected_tokens chosen_chars rejected_chars chosen_index cluster".split())
    s.to_csv(folder / "scores.csv", index=False), p.to_csv(folder / "pairs.csv", index=False)
    for frame in (s, p):
        for column in frame.columns.difference(["id", "subset", "role", "cluster", "verifiable_status"]):
            frame[column] = pd.to_numeric(frame[column])
    s["cluster"] = s.id.map(dict(zip(p.id, p.cluster)))
    return folder, p, s


def random_run(seed, rows, subsets, prompts, rejected, chosen=(1,), step=None, lost=0.0, unverified=0.0):
    """step: scores are multiples of it, a power of two, so that equal margins are equal to the last bit."""
    rng = np.random.default_rng(seed)
    side = lambda shift: (
        None if rng.random() < lost else float(np.round(rng.normal(shift) / step) * step) if step is not None else float(rng.normal(shift)),
        None if rng.random() < unverified else float(rng.choice([0, 0.5, 1], p=[0.2, 0.2, 0.6] if shift > 0 else [0.6, 0.2, 0.2])),
        int(rng.integers(5, 40)), int(rng.integers(20, 60)))
    return [{"id": f"r{i}", "subset": subsets[i % len(subsets)], "cluster": f"{subsets[i % len(subsets)]} p{int(rng.integers(prompts))}",
             "chosen": [side(0.8) for _ in range(rng.choice(chosen))], "rejected": [side(0) for _ in range(rng.choice(rejected))]} for i in range(rows)]


def subset_run(shares, n=20, shared=()):
    """One pair a prompt, `shares` of them won; subsets in `shared` have the same prompts."""
    return [{"id": f"{name} {i}", "subset": name, "cluster": f"{'shared' if name in shared else name} {i}", "chosen": [(1.0 if i < round(share * n) else 0.0, 1.0, 10, 10)],
             "rejected": [(0.5, 0.0, 12, 12)]} for name, share in shares.items() for i in range(n)]


constant = [{**row, "chosen": [(0.25, *c[1:]) for c in row["chosen"]], "rejected": [(0.25, *r[1:]) for r in row["rejected"]]} for row in random_run(5, 40, ["a", "b"], 30, (1,))]
CASES = {
    "ties-and-gaps": random_run(1, 70, ["a", "all", "="], 14, (1, 2, 3), step=1, lost=0.06, unverified=0.12),
    "several-chosen": random_run(2, 40, ["x", "y"], 9, (1, 2, 4), chosen=(1, 2, 3), step=0.125),
    "continuous": random_run(3, 60, ["s"], 25, (1, 2), lost=0.05),
    "one-pair": random_run(4, 1, ["only"], 1, (1,)),
    "constant": constant,
    # sections with equal subsets, at 0 and 100 %, one pair per prompt
    "equal-subsets": subset_run({"hep-cpp": 0.5, "hep-go": 0.5, "hep-java": 0.5, "shp": 0.7, "summarize": 0.4}),
    "full-subset": subset_run({"hep-cpp": 1.0, "hep-go": 0.6, "hep-rust": 0.0, "shp": 1.0, "summarize": 1.0}),
    "shared-prompts": subset_run({"alpacaeval-easy": 0.5, "alpacaeval-hard": 0.5, "mt-bench-easy": 0.5}, shared=("alpacaeval-easy", "alpacaeval-hard")),
}


# ── the numbers again ─────────────────────────────────────────────────────────────────────────────────────────────────
def finite(value):
    return None if value is None or not math.isfinite(value) else float(value)


class Lines(list):
    def put(self, scope, subset, statistic, value, used, ties=0, missing=0, n=None, clusters=None):
        self.append(dict(scope=scope, subset=subset, statistic=statistic, value=finite(value), n=int(len(used) if n is None else n),
                         clusters=int(used.cluster.nunique() if clusters is None else clusters), ties=int(ties), missing=int(missing)))


def accuracies(out, p, m, subset, prefix):
    used = p[m.notna()]; m = m[m.notna()].to_numpy(); ties = (m == 0).sum(); gap = len(p) - len(m)
    for name, value in (("accuracy_strict", (m > 0)), ("accuracy_half", (m > 0) + 0.5 * (m == 0)), ("tie_rate", (m == 0))):
        if prefix != "longer_chosen_" or name == "accuracy_half":
            out.put("pairs", subset, prefix + name, value.mean() if len(m) else None, used, ties, gap)


def ac1(a, b):
    agree, share = (a == b).mean(), (a.mean() + b.mean()) / 2
    return (agree - 2 * share * (1 - share)) / (1 - 2 * share * (1 - share))


def ece(m):
    y, p = np.r_[np.ones(len(m)), np.zeros(len(m))], np.r_[expit(m), expit(-m)]
    bins = np.searchsorted(np.percentile(p, np.linspace(0, 1, 11) * 100)[1:-1], p)
    return sum(abs(p[bins == k].mean() - y[bins == k].mean()) * (bins == k).mean() for k in np.unique(bins))


def pair_lines(out, p, subset):
    verified = p.chosen_reward - p.rejected_reward
    delta = (p.chosen_chars - p.rejected_chars).astype(float)
    accuracies(out, p, p.margin, subset, ""), accuracies(out, p, verified, subset, "verifiable_"), accuracies(out, p, delta, subset, "longer_chosen_")
    both = p.margin.notna() & verified.notna()
    decided = both & (p.margin != 0) & (verified != 0)
    used, ties, gap = p[decided], both.sum() - decided.sum(), len(p) - both.sum()
    a, b = (p.margin[decided] > 0).to_numpy(), (verified[decided] > 0).to_numpy()
    aa, bb = np.r_[a, ~a], np.r_[b, ~b]
    some = len(a) > 0
    out.put("pairs", subset, "agreement_rate", (a == b).mean() if some else None, used, ties, gap)
    for name, of in (("cohen_kappa", metrics.cohen_kappa_score), ("gwet_ac1", ac1), ("pabak", lambda x, y: 2 * (x == y).mean() - 1), ("mcc", metrics.matthews_corrcoef)):
        out.put("pairs", subset, name, of(aa, bb) if some else None, used, ties, gap)
    clear = both & (verified != 0)
    twice = lambda x: np.r_[x, -x]
    out.put("pairs", subset, "margin_auroc", metrics.roc_auc_score(twice(verified[clear]) > 0, twice(p.margin[clear])) if clear.any() else None, p[clear], both.sum() - clear.sum(), gap)
    out.put("pairs", subset, "margin_kendall_tau_b", stats.kendalltau(twice(verified[both]), twice(p.margin[both])).statistic if both.any() else None, p[both], 0, gap)
    scored = p[p.margin.notna()]; m = scored.margin.to_numpy(); lost = len(p) - len(m)
    free = scored[scored.margin != 0]; d = delta[free.index].to_numpy()
    if len(free) == 0 or len(free) > 1 and d.std() == 0:
        for name in ("length_controlled_accuracy", "length_effect"): out.put("pairs", subset, name, None, free, len(scored) - len(free), lost)
    else:
        try:
            fit = sm.Logit((free.margin > 0).astype(int).to_numpy(), sm.add_constant(np.tanh(d / d.std(ddof=1)))).fit(disp=0, tol=1e-14, maxiter=200)
            if max(abs(fit.params)) < 25:
                out.put("pairs", subset, "length_controlled_accuracy", expit(fit.params[0]), free, len(scored) - len(free), lost)
                out.put("pairs", subset, "length_effect", fit.params[1], free, len(scored) - len(free), lost)
        except Exception:
            pass  # separated: no outside value
    if some:
        dd, mm, vv = twice(delta[decided]), twice(p.margin[decided]), twice(verified[decided])
        stratum = np.searchsorted(np.quantile(dd, [0.2, 0.4, 0.6, 0.8]), dd)
        tables = [np.array([[((mm > 0) & (vv > 0) & (stratum == k)).sum(), ((mm > 0) & (vv < 0) & (stratum == k)).sum()], [((mm < 0) & (vv > 0) & (stratum == k)).sum(), ((mm < 0) & (vv < 0) & (stratum == k)).sum()]]) for k in np.unique(stratum)]
        tables = [t for t in tables if t.sum() > 1]
        odds = StratifiedTable([t.astype(float) for t in tables]).oddsratio_pooled if tables else None
        out.put("pairs", subset, "cmh_odds_ratio", odds, used, ties, gap)
    for name, value in (("brier", lambda: (expit(-m) ** 2).mean()), ("log_loss", lambda: np.logaddexp(0, -m).mean()), ("sharpness", lambda: abs(expit(m) - 0.5).mean()),
                        ("confident_wrong", lambda: (expit(m) < 0.1).mean()), ("ece", lambda: ece(m))):
        out.put("pairs", subset, name, value() if len(m) else None, scored, 0, lost)
    slope = lambda t: -(m * expit(-t * m)).sum()
    fitted = len(m) and (m < 0).any() and slope(0) < 0
    out.put("pairs", subset, "temperature", brentq(slope, 0, 1e6 / np.abs(m).max(), xtol=1e-15, rtol=1e-14) if fitted else None, scored, 0, lost)


def hack(s, q):
    """Mean over all orders of equal scores of the share that fails among the places at or above the quantile."""
    places = (np.arange(len(s)) >= q * (len(s) - 1) - 1e-9).sum()
    border = np.sort(s.score)[len(s) - places]
    above, tied = s[s.score > border], s[s.score == border]
    share = (places - len(above)) / len(tied)
    fails = (above.verifiable_reward < 1).sum() + share * (tied.verifiable_reward < 1).sum()
    return fails / places, places, min(places, s[s.score >= border].cluster.nunique()), 0 if share == 1 else len(tied)


def completion_lines(out, rows, subset):
    verified = rows[rows.verifiable_reward.notna()]
    out.put("completions", subset, "pass_rate", (verified.verifiable_reward >= 1).mean() if len(verified) else None, verified, 0, len(rows) - len(verified))
    s = verified[verified.score.notna()]; gap = len(rows) - len(s)
    label, score, reward = (s.verifiable_reward >= 1).astype(int), s.score, s.verifiable_reward
    classes = label.nunique() == 2
    put = lambda name, value, **more: out.put("completions", subset, name, value, s, missing=gap, **more)
    put("auroc", metrics.roc_auc_score(label, score) if classes else None)
    put("average_precision", metrics.average_precision_score(label, score) if classes else None)
    varied = len(s) > 1 and reward.nunique() > 1 and score.nunique() > 1
    put("kendall_tau_b", stats.kendalltau(reward, score).statistic if varied else None)
    put("somers_d", stats.somersd(reward, score).statistic if varied else None)
    put("spearman", stats.spearmanr(reward, score).statistic if varied else None)
    groups = [g for _, g in s.groupby("cluster")]
    mixed = [g for g in groups if (g.verifiable_reward >= 1).nunique() == 2]
    put("auroc_within_prompt", np.mean([metrics.roc_auc_score(g.verifiable_reward >= 1, g.score) for g in mixed]) if mixed else None, n=sum(map(len, mixed)), clusters=len(mixed))
    ranked = [g for g in groups if g.verifiable_reward.nunique() > 1 and g.score.nunique() > 1]
    put("kendall_tau_b_within_prompt", np.mean([stats.kendalltau(g.verifiable_reward, g.score).statistic for g in ranked]) if ranked else None, n=sum(map(len, ranked)), clusters=len(ranked))
    if varied and len(s) > 3:
        r = np.corrcoef([stats.rankdata(reward), stats.rankdata(score), stats.rankdata(s.completion_tokens)])
        collinear = min(1 - r[0, 2] ** 2, 1 - r[1, 2] ** 2) < 1e-12
        put("spearman_given_length", None if collinear else (r[0, 1] - r[0, 2] * r[1, 2]) / math.sqrt((1 - r[0, 2] ** 2) * (1 - r[1, 2] ** 2)))
    if len(s):
        for q in (0.9, 0.95):
            value, n, clusters, ties = hack(s, q)
            flat = score.nunique() == 1
            put(f"hack_rate_{q}", None if flat else value, n=n, clusters=clusters, ties=len(s) if flat else ties)


def parts(frame):
    names = list(dict.fromkeys(frame.subset))
    return [("all", frame)] + ([("all (subset)" if n == "all" else n, frame[frame.subset == n]) for n in names] if len(names) > 1 else [])


WEIGHTS = {"Chat": {"alpacaeval-easy": 100, "alpacaeval-hard": 95, "mt-bench-easy": 28}, "Reasoning": {f"hep-{x}": 164 for x in ("cpp", "go", "java", "rust")}, "Prior Sets": {"shp": 1, "summarize": 1}}


def sections(p, seed=11, draws=40000):
    """Half accuracy; every prompt has one pair in a subset."""
    out = {}
    for name, weights in WEIGHTS.items():
        here = {s: w for s, w in weights.items() if s in set(p.subset)}
        if not here: continue
        rng, total = np.random.default_rng(seed), sum(here.values())
        won = {s: (p[p.subset == s].margin > 0).to_numpy().astype(float) for s in here}
        value = sum(here[s] * won[s].mean() for s in here) / total
        if any(w.mean() in (0, 1) for w in won.values()):
            low = high = 0.0
            for s, w in here.items():
                n, mean = len(won[s]), won[s].mean()
                if mean in (0, 1): l, u = proportion_confint(won[s].sum(), n, method="wilson")
                else: l, u = np.quantile(rng.choice(won[s], (draws, n)).mean(1), [0.025, 0.975])
                low, high = low + (w / total * (mean - l)) ** 2, high + (w / total * (u - mean)) ** 2
            interval, method = (value - math.sqrt(low), value + math.sqrt(high)), "MOVER"
        else:
            prompts = p[p.subset.isin(list(here))].groupby("subset").cluster.apply(list)
            drawn, mean = {}, np.zeros(draws)
            for s, w in here.items():
                key = tuple(prompts[s])
                if key not in drawn: drawn[key] = rng.integers(0, len(key), (draws, len(key)))
                mean += w / total * won[s][drawn[key]].mean(1)
            interval, method = np.quantile(mean, [0.025, 0.975]), "within subsets"
        out[name] = dict(half=value, low=float(interval[0]), high=float(interval[1]), method=method)
    return out


def intervals(p, s, draws=600, seed=12):
    """Percentile intervals over prompts of a few statistics, all rows, other draws."""
    rng = np.random.default_rng(seed)
    scored = p[p.margin.notna()]; v = scored.chosen_reward - scored.rejected_reward
    decided = scored[v.notna() & (v != 0)]
    verified = s[s.score.notna() & s.verifiable_reward.notna()]
    by = lambda frame: [g.index.to_numpy() for _, g in frame.groupby("cluster")]
    def resample(frame, of):
        groups = by(frame); values = []
        for _ in range(draws):
            values.append(of(frame.loc[np.concatenate([groups[i] for i in rng.integers(0, len(groups), len(groups))])]))
        return [float(x) for x in np.quantile([x for x in values if x is not None], [0.025, 0.975])]
    twice = lambda x: np.r_[x, -x]
    auroc = lambda g: metrics.roc_auc_score(g.verifiable_reward >= 1, g.score) if (g.verifiable_reward >= 1).nunique() == 2 else None
    return {
        "accuracy_half": resample(scored, lambda g: ((g.margin > 0) + 0.5 * (g.margin == 0)).mean()),
        "margin_auroc": resample(decided, lambda g: metrics.roc_auc_score(twice(g.chosen_reward - g.rejected_reward) > 0, twice(g.margin))),
        "auroc": resample(verified, auroc),
        "hack_rate_0.9": resample(verified, lambda g: hack(g, 0.9)[0]),
    }


for name, rows in CASES.items():
    if sys.argv[2:] and name not in sys.argv[2:]: continue
    folder, p, s = write(name, rows)
    lines = Lines()
    for subset, frame in parts(p): pair_lines(lines, frame, subset)
    for subset, frame in parts(s): completion_lines(lines, frame, subset)
    expected = dict(statistics=lines, sections=sections(p),
                    intervals=intervals(p, s) if name in ("ties-and-gaps", "several-chosen", "continuous") else {})
    (folder / "expected.json").write_text(json.dumps(expected, separators=(",", ":"), default=lambda x: x.item()) + "\n")
    print(name, len(p), "pairs", len(lines), "statistics")
