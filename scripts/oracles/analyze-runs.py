"""What `analyze` must find in seeded run folders, recomputed another way: test/data/analysis/several-runs.json.gz.

Run: python scripts/oracles/analyze-runs.py test/data/analysis/several-runs.json.gz
(numpy 2.4.6, scipy 1.17.1, scikit-learn 1.9.1, statsmodels 0.15.0, pandas 3.1.1; seed 20261127)
Each case: `runs`, model name -> rows of pairs (columns below); `want`, file name -> expected rows. Sign flips are counted with whole numbers,
AUROC variances from the matrix of all positive-negative comparisons, Q from covariance matrices: no formula is shared with src/.
"""
import gzip, itertools, json, math, sys, warnings
from fractions import Fraction
import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import stats
from sklearn import metrics
from statsmodels.stats import contingency_tables, multitest, weightstats

warnings.simplefilter("ignore")  # moments of constants, which are absent here
rng = np.random.default_rng(20261127)
COLUMNS = ["id", "subset", "rejected_index", "chosen_index", "chosen_score", "rejected_score", "chosen_reward", "rejected_reward",
           "chosen_tokens", "rejected_tokens", "chosen_chars", "rejected_chars", "cluster"]
KEY = ["id", "rejected_index", "chosen_index"]
none = lambda v: None if v is None or (isinstance(v, float) and not math.isfinite(v)) else v.item() if hasattr(v, "item") else v


def data(prompts, subsets, rejected=(1,), unverified=0.0):
    """Pairs of prompts; a prompt has one chosen and one or several rejected completions."""
    rows = []
    for p in range(prompts):
        length = int(rng.integers(5, 40))
        ok = 1.0 if rng.random() < 0.85 else 0.0
        for r in range(int(rng.choice(rejected))):
            fails = 0.0 if rng.random() < 0.85 else 1.0
            rows.append([f"r{p}", subsets[p % len(subsets)], r, 0, None, None,
                         None if rng.random() < unverified else ok, None if rng.random() < unverified else fails,
                         length, int(rng.integers(5, 40)), 3 * length, int(rng.integers(15, 120)), f"prompt {p // 2 if p < 20 else p}"])
    frame = pd.DataFrame(rows, columns=COLUMNS)
    chosen = frame.groupby("id")["chosen_reward"].first()  # one completion, one verdict
    frame["chosen_reward"] = frame["id"].map(chosen)
    return frame


def scored(frame, skill, lost=0.0, step=0.5, noise=1.0, shared=None):
    """Scores on a grid (so that there are ties); a completion is scored once, or lost."""
    out = frame.copy()
    chosen = {i: (skill + noise * rng.normal() + (0 if shared is None else shared[i])) for i in out["id"].unique()}
    lost_chosen = {i: rng.random() < lost for i in chosen}
    grid = lambda v: float(step * round(v / step))
    out["chosen_score"] = [None if lost_chosen[i] else grid(chosen[i]) for i in out["id"]]
    out["rejected_score"] = [None if rng.random() < lost else grid(noise * rng.normal() + (0 if shared is None else shared[i])) for i in out["id"]]
    return out.astype({"chosen_score": float, "rejected_score": float})


margin = lambda f: f["chosen_score"].to_numpy(float) - f["rejected_score"].to_numpy(float)
half = lambda m: np.where(np.isnan(m), np.nan, (m > 0) + 0.5 * (m == 0))


def completions(f):
    """Each completion of the pairs once."""
    sides = [f[["id", "subset", "cluster", f"{s}_index", f"{s}_score", f"{s}_reward"]]
             .set_axis(["id", "subset", "cluster", "index", "score", "reward"], axis=1).assign(role=s) for s in ("chosen", "rejected")]
    return pd.concat(sides).drop_duplicates(["id", "role", "index"]).reset_index(drop=True)


def sign_flip(d, cluster):
    """Exact: the distribution of the signed sum of prompt totals, counted in whole numbers."""
    totals = pd.Series(np.round(2 * d).astype(int)).groupby(cluster).sum().to_numpy()
    counts = {0: 1}
    for t in totals:
        after = {}
        for s, c in counts.items():
            after[s + t] = after.get(s + t, 0) + c
            after[s - t] = after.get(s - t, 0) + c
        counts = after
    seen = abs(int(totals.sum()))
    return float(Fraction(sum(c for s, c in counts.items() if abs(s) >= seen), 2 ** len(totals)))


def mcnemar(only_a, only_b):
    n = only_a + only_b
    if n < 25: return contingency_tables.mcnemar([[0, only_a], [only_b, 0]], exact=True).pvalue
    k = min(only_a, only_b)
    return 1 - stats.binom.pmf(k, n, 0.5) / 2 if only_a == only_b else 2 * stats.binom.cdf(k, n, 0.5) - stats.binom.pmf(k, n, 0.5)


def adjusted(rows, p="p", names=("p_holm", "p_bh")):
    known = [r for r in rows if r[p] is not None]
    for name, method in zip(names, ("holm", "fdr_bh")):
        for r, v in zip(known, multitest.multipletests([r[p] for r in known], method=method)[1] if known else []): r[name] = float(v)
        for r in rows: r.setdefault(name, None)
    return rows


def accuracy_tests(runs):
    rows = []
    for (a, fa), (b, fb) in itertools.combinations(runs.items(), 2):
        ma, mb = margin(fa), margin(fb)
        both = ~np.isnan(ma) & ~np.isnan(mb)
        ha, hb, c = half(ma)[both], half(mb)[both], fa["cluster"].to_numpy()[both]
        wa, wb = ma[both] > 0, mb[both] > 0
        only_a, only_b = int((wa & ~wb).sum()), int((wb & ~wa).sum())
        rows.append(dict(a=a, b=b, statistic="accuracy_half", n=int(both.sum()), clusters=len(set(c)), missing=int((~both).sum()),
                         value_a=ha.mean(), value_b=hb.mean(), difference=ha.mean() - hb.mean(), discordant_a=only_a, discordant_b=only_b,
                         mcnemar_p=float(mcnemar(only_a, only_b)), p=sign_flip(ha - hb, c), test="sign_flip"))
    return adjusted(adjusted(rows), "mcnemar_p", ("mcnemar_p_holm", "mcnemar_p_bh"))


def auroc_tests(runs):
    """AUROC by the matrix K of all comparisons; with u its prompt sums, the variance of their mean is Obuchowski's."""
    rows = []
    for (a, fa), (b, fb) in itertools.combinations(runs.items(), 2):
        ca, cb = completions(fa), completions(fb)
        keep = (ca["score"].notna() & cb["score"].notna() & ca["reward"].notna()).to_numpy()
        missing = int((~keep).sum())
        y = (ca["reward"][keep] >= 1).to_numpy()
        sa, sb = ca["score"][keep].to_numpy(), cb["score"][keep].to_numpy()
        prompt = ca["cluster"][keep].to_numpy()
        base = dict(a=a, b=b, statistic="auroc", n=int(keep.sum()), clusters=len(set(prompt)), missing=missing)
        kernel = lambda s: (s[y][:, None] > s[~y][None, :]) + 0.5 * (s[y][:, None] == s[~y][None, :])
        d = kernel(sa) - kernel(sb)
        theta = d.mean()
        m, n = d.shape
        names = sorted(set(prompt))
        up = np.array([(d[prompt[y] == c].mean(axis=1) - theta).sum() for c in names])
        down = np.array([(d[:, prompt[~y] == c].mean(axis=0) - theta).sum() for c in names])
        i1, i0, C = len(set(prompt[y])), len(set(prompt[~y])), len(names)
        variance = i1 / (i1 - 1) * (up ** 2).sum() / m ** 2 + i0 / (i0 - 1) * (down ** 2).sum() / n ** 2 + 2 * C / (C - 1) * (up * down).sum() / (m * n)
        areas = dict(value_a=metrics.roc_auc_score(y, sa), value_b=metrics.roc_auc_score(y, sb), difference=theta)
        if variance < 1e-26:  # the two rank alike in every prompt
            rows.append(dict(base, **areas, ci_low=None, ci_high=None, p=1.0, test="delong_clustered"))
            continue
        t = theta / math.sqrt(variance)
        single = C == keep.sum()
        p = 2 * stats.norm.sf(abs(t)) if single else 2 * stats.t.sf(abs(t), C - 1)
        h = (stats.norm.ppf(0.975) if single else stats.t.ppf(0.975, C - 1)) * math.sqrt(variance)
        rows.append(dict(base, **areas, ci_low=theta - h, ci_high=theta + h, p=float(p), test="delong" if single else "delong_clustered"))
    return adjusted(rows)


def bootstrap_error(fa, fb, B=500):
    """Standard error of the difference of AUROCs by resampling prompts."""
    ca, cb = completions(fa), completions(fb)
    keep = (ca["score"].notna() & cb["score"].notna() & ca["reward"].notna()).to_numpy()
    y, prompt = (ca["reward"][keep] >= 1).to_numpy(), ca["cluster"][keep].to_numpy()
    sa, sb = ca["score"][keep].to_numpy(), cb["score"][keep].to_numpy()
    rows = [np.flatnonzero(prompt == c) for c in sorted(set(prompt))]
    out = []
    for _ in range(B):
        i = np.concatenate([rows[k] for k in rng.integers(0, len(rows), len(rows))])
        out.append(metrics.roc_auc_score(y[i], sa[i]) - metrics.roc_auc_score(y[i], sb[i]))
    return float(np.std(out, ddof=1))


def leaderboard(runs):
    all_margins = {k: margin(f) for k, f in runs.items()}
    most = max((~np.isnan(m)).sum() for m in all_margins.values())
    ranked = {k: m for k, m in all_margins.items() if (~np.isnan(m)).sum() >= 0.5 * most}
    shared = ~np.isnan(np.array(list(ranked.values()))).any(axis=0)
    values = {k: half(m)[shared].mean() for k, m in ranked.items()}
    rows = []
    for k, m in all_margins.items():
        own = half(m)[~np.isnan(m)]
        row = dict(scorer=k, missing=int(np.isnan(m).sum()), own_n=len(own), own_half=none(own.mean()) if len(own) else None)
        if k in ranked:
            c = runs[k]["cluster"].to_numpy()[shared]
            row |= dict(strict=(m[shared] > 0).mean(), half=values[k], tie_rate=(m[shared] == 0).mean(), n=int(shared.sum()), clusters=len(set(c)),
                        better=sum(v > values[k] for v in values.values()))
        else: row |= dict(rank=None, strict=None, half=None, n=0)
        rows.append(row)
    return rows


def ensembles(runs):
    """z-scores over each run's own completions; mean, least, mean - s.d. of the members; on the pairs that all ranked models scored."""
    most = max((~np.isnan(margin(f))).sum() for f in runs.values())
    ranked = {k: f for k, f in runs.items() if (~np.isnan(margin(f))).sum() >= 0.5 * most}
    if len(ranked) < 2: return []
    z = {}
    for k, f in ranked.items():
        c = completions(f)["score"].dropna()
        z[k] = [((f[s] - c.mean()) / c.std(ddof=1)).to_numpy() for s in ("chosen_score", "rejected_score")]
    shared = ~np.isnan(np.array([margin(f) for f in ranked.values()])).any(axis=0)
    sides = np.array([[z[k][s][shared] for k in ranked] for s in (0, 1)])  # side, model, pair
    combined = dict(mean=sides.mean(axis=1), worst=sides.min(axis=1), uncertainty=sides.mean(axis=1) - sides.std(axis=1, ddof=1))
    name = f"of {'all ' if len(ranked) == len(runs) else ''}{len(ranked)}"
    return [dict(scorer=f"ensemble:{mode} {name}", strict=(v[0] - v[1] > 0).mean(), half=half(v[0] - v[1]).mean(), n=int(shared.sum()))
            for mode, v in combined.items()]


def heterogeneity(runs):
    """Q = (x - m)' W (x - m) with the covariance of the subset means under one mean: exchangeable rows of a prompt and subset."""
    rows = []
    for k, f in runs.items():
        h = half(margin(f))
        keep = ~np.isnan(h)
        x, s, c = h[keep], f["subset"].to_numpy()[keep], f["cluster"].to_numpy()[keep]
        names = sorted(set(s))
        residual = x - x.mean()
        variance = (residual ** 2).mean()
        if len(names) < 2 or variance == 0:
            rows.append(dict(scorer=k, cochran_q=None, df=None, k=len(names), left_out=len(set(f["subset"]) - set(names)), p=None, i_squared=None))
            continue
        cells = [np.flatnonzero((s == g) & (c == p)) for g in names for p in sorted(set(c[s == g]))]
        products = [residual[i] * residual[j] for cell in cells for i in cell for j in cell if i != j]
        rho = min(1.0, max(0.0, float(np.mean(products)) / variance)) if products else 0.0
        means, covariance = [], np.zeros((len(names), len(names)))
        for g, name in enumerate(names):
            rows_of = np.flatnonzero(s == name)
            R = np.array([[1.0 if i == j else rho if c[i] == c[j] else 0.0 for j in rows_of] for i in rows_of])
            covariance[g, g] = variance * R.sum() / len(rows_of) ** 2
            means.append(x[rows_of].mean())
        W, one, means = np.linalg.inv(covariance), np.ones(len(names)), np.array(means)
        centre = one @ W @ means / (one @ W @ one)
        q, df = float((means - centre) @ W @ (means - centre)), len(names) - 1
        rows.append(dict(scorer=k, cochran_q=q, df=df, k=len(names), left_out=len(set(f["subset"]) - set(names)), p=float(stats.chi2.sf(q, df)),
                         i_squared=max(0.0, 1 - df / q) if q > 0 else 0.0))
    known = [r for r in rows if r["p"] is not None]
    for r, v in zip(known, multitest.multipletests([r["p"] for r in known], method="fdr_bh")[1] if known else []): r["p_bh"] = float(v)
    return [dict(p_bh=None) | r for r in rows]


def scorer_agreement(runs):
    rows = []
    for (a, fa), (b, fb) in itertools.combinations(runs.items(), 2):
        x, y = margin(fa), margin(fb)
        both = ~np.isnan(x) & ~np.isnan(y)
        x, y = x[both], y[both]
        d = (x != 0) & (y != 0)
        wx, wy = x[d] > 0, y[d] > 0
        orders = np.concatenate([wx, ~wx]), np.concatenate([wy, ~wy])
        rows.append(dict(a=a, b=b, n=int(d.sum()), ties=int((~d).sum()), missing=int((~both).sum()), agreement_rate=(wx == wy).mean(),
                         kappa=metrics.cohen_kappa_score(*orders), ac1=2 * (wx == wy).mean() - 1,
                         error_consistency=metrics.cohen_kappa_score(wx, wy),
                         spearman=stats.spearmanr(np.r_[x, -x], np.r_[y, -y]).statistic, pearson=stats.pearsonr(np.r_[x, -x], np.r_[y, -y]).statistic))
    return rows


def distribution(runs):
    rows, apart = [], []
    for k, f in runs.items():
        c = completions(f)
        for subset, part in [("all", c), *c.groupby("subset", sort=False)]:
            groups = dict(chosen=part[part.role == "chosen"], rejected=part[part.role == "rejected"],
                          **{"pass": part[part.reward >= 1], "fail": part[part.reward < 1]})
            values = {g: v["score"].dropna().to_numpy() for g, v in groups.items()}
            for g, v in values.items():
                if len(v) == 0: continue
                q = np.quantile(v, [0.05, 0.25, 0.5, 0.75, 0.95])
                rows.append(dict(scorer=k, subset=subset, group=g, n=len(v), mean=v.mean(), sd=v.std(ddof=1), skewness=stats.skew(v), kurtosis=stats.kurtosis(v),
                                 min=v.min(), q05=q[0], q25=q[1], median=q[2], q75=q[3], q95=q[4], max=v.max()))
            for first, second in (("chosen", "rejected"), ("pass", "fail")):
                v, w = values[first], values[second]
                if len(v) == 0 or len(w) == 0: continue
                pooled = math.sqrt(((len(v) - 1) * v.var(ddof=1) + (len(w) - 1) * w.var(ddof=1)) / (len(v) + len(w) - 2))
                apart.append(dict(scorer=k, subset=subset, first=first, second=second, cohen_d=(v.mean() - w.mean()) / pooled, ks=stats.ks_2samp(v, w).statistic))
    return rows, apart


def lengths(runs):
    rows = []
    for k, f in runs.items():
        for subset, part in [("all", f), *f.groupby("subset", sort=False)]:
            for unit, suffix in (("tokens", "tokens"), ("characters", "chars")):
                for side, other in (("chosen", "rejected"), ("rejected", "chosen")):
                    once = part.drop_duplicates(["id", f"{side}_index"])[f"{side}_{suffix}"]
                    d = part[f"{side}_{suffix}"] - part[f"{other}_{suffix}"]
                    rows.append(dict(scorer=k, subset=subset, unit=unit, side=side, n=len(once), mean=once.mean(), min=once.min(), median=once.median(),
                                     max=once.max(), longer_share=((d > 0) + 0.5 * (d == 0)).mean(), pairs=len(part)))
    return rows


def subsets(runs):
    rows = []
    for k, f in runs.items():
        m = margin(f)
        for name in [*f["subset"].unique(), "all"]:
            part = m if name == "all" else m[(f["subset"] == name).to_numpy()]
            known = part[~np.isnan(part)]
            rows.append(dict(scorer=k, level="overall" if name == "all" else "subset", subset=name, n=len(known), missing=len(part) - len(known),
                             strict=none((known > 0).mean()) if len(known) else None, half=none(half(known).mean()) if len(known) else None))
    return rows


def drift(a, b, fa, fb):
    ca, cb = completions(fa), completions(fb)
    keep = (ca["score"].notna() & cb["score"].notna()).to_numpy()
    x, y, prompt = ca["score"][keep].to_numpy(), cb["score"][keep].to_numpy(), ca["cluster"][keep].to_numpy()
    ma, mb = margin(fa), margin(fb)
    both = ~np.isnan(ma) & ~np.isnan(mb)
    ma, mb, c = ma[both], mb[both], fa["cluster"].to_numpy()[both]
    wins = (ma > 0).astype(float) - (mb > 0)
    d = x - y
    fit = sm.OLS(d, np.ones(len(d))).fit(cov_type="cluster", cov_kwds=dict(groups=pd.factorize(prompt)[0], use_correction=False))
    C = len(set(prompt))
    error = float(fit.bse[0]) * math.sqrt(C / (C - 1))
    bound = 0.02 * x.std(ddof=1)
    lower, upper = stats.t.sf((d.mean() + bound) / error, C - 1), stats.t.cdf((d.mean() - bound) / error, C - 1)
    if C == len(d): assert math.isclose(max(lower, upper), weightstats.ttost_paired(x, y, -bound, bound)[0], rel_tol=1e-9)
    only_a, only_b = int((wins > 0).sum()), int((wins < 0).sum())
    return dict(a=a, b=b, completions=int(keep.sum()), largest_difference=abs(d).max(), rms_difference=math.sqrt((d ** 2).mean()), bias=d.mean(),
                limit_low=d.mean() - stats.norm.ppf(0.975) * d.std(ddof=1), limit_high=d.mean() + stats.norm.ppf(0.975) * d.std(ddof=1),
                pearson=stats.pearsonr(x, y).statistic, spearman=stats.spearmanr(x, y).statistic, pairs=int(both.sum()), clusters=len(set(c)),
                flips=int((np.sign(ma) != np.sign(mb)).sum()), flip_rate=(np.sign(ma) != np.sign(mb)).mean(),
                mcnemar_p=float(mcnemar(only_a, only_b)), p=sign_flip(wins, c), equivalence_p=float(max(lower, upper)))


def case(runs, **extra):
    dist, apart = distribution(runs)
    want = {"leaderboard.csv": leaderboard(runs) + ensembles(runs), "subsets.csv": subsets(runs), "heterogeneity.csv": heterogeneity(runs),
            "paired-tests.csv": accuracy_tests(runs) + auroc_tests(runs), "scorer-agreement.csv": scorer_agreement(runs),
            "distribution.csv": dist, "separation.csv": apart, "lengths.csv": lengths(runs), **extra}
    rows = lambda f: [[none(v) for v in row] for row in f.astype(object).where(f.notna(), None).to_numpy().tolist()]
    return dict(runs={k: rows(f) for k, f in runs.items()},
                want={name: [{c: none(v) for c, v in row.items()} for row in table] for name, table in want.items()})


out = {}
# 14 scorers of several skills on prompts of one to three pairs, rows lost here and there, ties, completions without a verdict
frame = data(110, ["a", "b", "c", "d"], rejected=(1, 1, 2, 3), unverified=0.05)
ids = frame["id"].unique()
hard = {i: rng.normal() for i in ids}
runs = {f"m{k:02}": scored(frame, skill=0.15 + 0.17 * k, lost=0.0 if k % 3 == 0 else 0.01, shared=hard) for k in range(14)}
fourteen = case(runs)
fourteen["bootstrap_errors"] = [dict(a=a, b=b, error=bootstrap_error(runs[a], runs[b])) for a, b in (("m00", "m13"), ("m03", "m08"), ("m10", "m11"))]
out["fourteen"] = fourteen
# one row per prompt; subsets at 0, 100 and about 50 per cent, and one without a scored pair
frame = data(80, ["zero", "hundred", "half", "lost"], unverified=0)
frame["cluster"] = [f"prompt {i}" for i in range(len(frame))]
a, b = scored(frame, 0.2), scored(frame, 0.6)
for name, low, high in (("zero", -1.0, 0.0), ("hundred", 1.0, 0.0)):
    rows = (frame["subset"] == name).to_numpy()
    a.loc[rows, "chosen_score"], a.loc[rows, "rejected_score"] = low, high
for f in (a, b): f.loc[(frame["subset"] == "lost").to_numpy(), "chosen_score"] = np.nan
edges = case({"a": a, "b": b})
kept = a[a["subset"] != "lost"]
table = pd.crosstab(kept["subset"], margin(kept) > 0)
ties = int((margin(kept) == 0).sum())
out["edges"] = edges
# the same without a tie: Q is Pearson's chi-square of homogeneity
clean = a[a["subset"] != "lost"].copy()
clean.loc[margin(clean) == 0, "chosen_score"] += 0.5
table = pd.crosstab(clean["subset"], margin(clean) > 0)
chi = stats.chi2_contingency(table, correction=False)
pearson = case({"a": clean, "b": b.loc[clean.index]})
assert math.isclose(pearson["want"]["heterogeneity.csv"][0]["cochran_q"], chi.statistic, rel_tol=1e-9)
pearson["want"]["heterogeneity.csv"][0] |= dict(cochran_q=float(chi.statistic), df=int(chi.dof), p=float(chi.pvalue))
out["pearson"] = pearson
# a model that lost nearly all, and one that lost the pairs it would have lost
frame = data(90, ["a", "b"], rejected=(1, 2), unverified=0)
full, tiny, skips = scored(frame, 0.5), scored(frame, 0.9), None
skips = full.copy()
skips.loc[margin(full) < 0, "chosen_score"] = np.nan
tiny.loc[tiny.index[4:], "rejected_score"] = np.nan
out["lost"] = case({"full": full, "skips": skips, "tiny": tiny})
# two runs of one model, one in bf16, with prompts of several rows and with single rows
for name, rejected in (("drift", (1, 2, 3)), ("drift-single", (1,))):
    frame = data(70, ["a", "b"], rejected=rejected, unverified=0)
    if name == "drift-single": frame["cluster"] = [f"prompt {i}" for i in range(len(frame))]
    base = scored(frame, 0.3, step=0.01)
    other = base.copy()
    move = {i: 0.02 * rng.normal() for i in frame["id"].unique()}
    for column in ("chosen_score", "rejected_score"):
        other[column] = [v + move[i] for v, i in zip(base[column], frame["id"])]
    other["rejected_score"] += 0.05 * rng.normal(size=len(other))
    out[name] = case({"m": base, "m@bf16": other}, **{"drift.csv": adjusted([drift("m", "m@bf16", base, other)])})
    for table in ("paired-tests.csv",): del out[name]["want"][table]  # one of two runs of a model is tested only

with gzip.GzipFile(sys.argv[1], "wb", mtime=0) as f: f.write(json.dumps(out).encode())
print({k: {n: len(r) for n, r in v["want"].items()} for k, v in out.items()})
