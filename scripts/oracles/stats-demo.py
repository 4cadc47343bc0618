"""Recomputes a run's agreement numbers from its scores.csv and pairs.csv: test/data/stats/demo-agreement.json.

Run: python scripts/oracles/stats-demo.py RUN_FOLDER OUT.json   (pandas, scipy 1.17.1, scikit-learn 1.9.1, statsmodels 0.15.0)
It also checks that both CSV files read back with pandas to the same numbers and text that Python's csv module gives.
Each entry: scope, subset, statistic, value, n, clusters (null = NaN).
"""
import csv, json, math, sys
import numpy as np, pandas as pd
from scipy import stats
from scipy.special import expit
from sklearn import metrics
import statsmodels.api as sm

folder, target = sys.argv[1], sys.argv[2]
read = lambda name: pd.read_csv(f"{folder}/{name}", keep_default_na=False, na_values=[""], dtype={"id": str, "subset": str, "cluster": str})
pairs, scores = read("pairs.csv"), read("scores.csv")
for name, frame in (("pairs.csv", pairs), ("scores.csv", scores)):
    with open(f"{folder}/{name}", newline="", encoding="utf-8") as f:
        rows = list(csv.reader(f))
    assert rows[0] == list(frame.columns) and len(rows) - 1 == len(frame)
    for i, row in enumerate(rows[1:]):
        for column, cell in zip(rows[0], row):
            got = frame[column][i]
            assert (cell == "" and pd.isna(got)) or (float(cell) == got if isinstance(got, (float, np.floating, int, np.integer)) else cell == got), (name, i, column)

cluster_of = dict(zip(pairs.id, pairs.cluster))
scores["cluster"] = scores.id.map(cluster_of)
out = []


def put(scope, subset, statistic, value, n, clusters):
    value = None if value is None or (isinstance(value, float) and not math.isfinite(value)) else float(value)
    out.append({"scope": scope, "subset": subset, "statistic": statistic, "value": value, "n": int(n), "clusters": int(clusters)})


def pair_statistics(p, subset):
    scored = p[p.margin.notna()]
    m, n, c = scored.margin.to_numpy(), len(scored), scored.cluster.nunique()
    put("pairs", subset, "accuracy_strict", (m > 0).mean(), n, c)
    put("pairs", subset, "accuracy_half", ((m > 0) + 0.5 * (m == 0)).mean(), n, c)
    put("pairs", subset, "tie_rate", (m == 0).mean(), n, c)
    v = scored.chosen_reward - scored.rejected_reward
    both = scored[v.notna() & (v != 0) & (scored.margin != 0)]
    a, b = both.margin > 0, both.chosen_reward > both.rejected_reward
    put("pairs", subset, "agreement_rate", (a == b).mean(), len(both), both.cluster.nunique())
    # each pair in both orders: which completion stands first means nothing to model and verifier
    a, b = np.r_[a, ~a], np.r_[b, ~b]
    put("pairs", subset, "cohen_kappa", metrics.cohen_kappa_score(a, b), len(both), both.cluster.nunique())
    put("pairs", subset, "mcc", metrics.matthews_corrcoef(a, b), len(both), both.cluster.nunique())
    margin, verified = (np.r_[x, -x] for x in (both.margin, both.chosen_reward - both.rejected_reward))
    put("pairs", subset, "margin_auroc", metrics.roc_auc_score(verified > 0, margin), len(both), both.cluster.nunique())
    put("pairs", subset, "brier", ((1 - expit(m)) ** 2).mean(), n, c)
    put("pairs", subset, "log_loss", np.logaddexp(0, -m).mean(), n, c)
    put("pairs", subset, "confident_wrong", (expit(m) < 0.1).mean(), n, c)
    d = (scored.chosen_chars - scored.rejected_chars).to_numpy()
    put("pairs", subset, "longer_chosen_accuracy_half", ((d > 0) + 0.5 * (d == 0)).mean(), n, c)
    free = scored[scored.margin != 0]
    delta = (free.chosen_chars - free.rejected_chars).to_numpy()
    fit = sm.Logit((free.margin > 0).astype(int).to_numpy(), sm.add_constant(np.tanh(delta / delta.std(ddof=1)))).fit(disp=0, tol=1e-14, maxiter=100)
    put("pairs", subset, "length_controlled_accuracy", expit(fit.params[0]), len(free), free.cluster.nunique())
    put("pairs", subset, "length_effect", fit.params[1], len(free), free.cluster.nunique())
    from scipy.optimize import minimize_scalar, brentq
    slope = lambda t: -(m * expit(-t * m)).sum()
    if (m < 0).any() and slope(0) < 0: put("pairs", subset, "temperature", brentq(slope, 0, 1e6 / np.abs(m).max(), xtol=1e-15, rtol=1e-14), n, c)


def completion_statistics(s, subset):
    s = s[s.score.notna() & s.verifiable_reward.notna()]
    label, score, reward, n, c = (s.verifiable_reward >= 1).astype(int), s.score, s.verifiable_reward, len(s), s.cluster.nunique()
    put("completions", subset, "pass_rate", label.mean(), n, c)
    put("completions", subset, "auroc", metrics.roc_auc_score(label, score), n, c)
    put("completions", subset, "average_precision", metrics.average_precision_score(label, score), n, c)
    put("completions", subset, "kendall_tau_b", stats.kendalltau(reward, score).statistic, n, c)
    put("completions", subset, "somers_d", stats.somersd(reward, score).statistic, n, c)
    put("completions", subset, "spearman", stats.spearmanr(reward, score).statistic, n, c)
    within = [metrics.roc_auc_score(g.verifiable_reward >= 1, g.score) for _, g in s.groupby("cluster") if (g.verifiable_reward >= 1).nunique() == 2]
    put("completions", subset, "auroc_within_prompt", np.mean(within), n, len(within))
    for q in (0.9, 0.95):
        high = s[s.score >= np.quantile(score, q)]
        put("completions", subset, f"hack_rate_{q}", (high.verifiable_reward < 1).mean(), len(high), high.cluster.nunique())


for subset in ["all", *dict.fromkeys(pairs.subset)]:
    pair_statistics(pairs if subset == "all" else pairs[pairs.subset == subset], subset)
    completion_statistics(scores if subset == "all" else scores[scores.subset == subset], subset)

# An independent bootstrap of two overall numbers: intervals agree up to the noise of other draws.
rng = np.random.default_rng(7)
codes, names = pd.factorize(pairs.cluster)
wins = np.bincount(codes, (pairs.margin > 0).astype(float)); rows = np.bincount(codes)
draws = rng.integers(0, len(names), (20000, len(names)))
accuracy = wins[draws].sum(1) / rows[draws].sum(1)
interval = {"accuracy_strict": [float(q) for q in np.quantile(accuracy, [0.025, 0.975])]}
by = [g for _, g in scores.groupby("cluster")]
aucs = []
for _ in range(2000):
    g = pd.concat([by[i] for i in rng.integers(0, len(by), len(by))])
    aucs.append(metrics.roc_auc_score(g.verifiable_reward >= 1, g.score))
interval["auroc"] = [float(q) for q in np.quantile(aucs, [0.025, 0.975])]
json.dump({"statistics": out, "intervals": interval}, open(target, "w"), separators=(",", ":"))
print(len(out), "statistics", interval)
