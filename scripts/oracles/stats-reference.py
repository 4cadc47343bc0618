"""Reference values for the agreement statistics, from scipy, scikit-learn and statsmodels.

Run: python scripts/oracles/stats-reference.py test/data/stats SEED (numpy 2.4.6, scipy 1.17.1, scikit-learn 1.9.1, statsmodels 0.15.0)
One JSON file per family; every case carries its inputs, the reference function, and its value.
NaN and infinities are written as the strings "NaN", "Infinity", "-Infinity"; an exception as {"error": class name}.
"""
import json, math, sys, warnings
from pathlib import Path
import numpy as np
import scipy, sklearn, statsmodels
from scipy import stats
from sklearn import metrics
from sklearn.linear_model import LogisticRegression
from sklearn.calibration import calibration_curve
from statsmodels.stats import contingency_tables, multitest, proportion, inter_rater
import statsmodels.api as sm

out, seed = Path(sys.argv[1]), int(sys.argv[2])
out.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(seed)
warnings.simplefilter("ignore")


def enc(v):
    if isinstance(v, (np.floating, float)):
        v = float(v)
        if math.isnan(v): return "NaN"
        if math.isinf(v): return "Infinity" if v > 0 else "-Infinity"
        return v
    if isinstance(v, (np.integer,)): return int(v)
    if isinstance(v, np.ndarray): return [enc(x) for x in v.tolist()]
    if isinstance(v, (list, tuple)): return [enc(x) for x in v]
    if isinstance(v, dict): return {k: enc(x) for k, x in v.items()}
    if isinstance(v, np.bool_): return bool(v)
    return v


def ref(f):
    try: return enc(f())
    except Exception as e: return {"error": type(e).__name__}


def series():
    """Paired real series with and without ties, degenerate ones included."""
    yield "normal", rng.normal(size=50), rng.normal(size=50)
    x = rng.normal(size=80); yield "correlated", x, 0.6 * x + rng.normal(size=80)
    x = rng.integers(0, 5, 120).astype(float); yield "heavy-ties", x, np.clip(x + rng.integers(-1, 2, 120), 0, 5).astype(float)
    x = rng.integers(0, 2, 60).astype(float); yield "binary-vs-real", x, rng.normal(size=60) + x
    yield "all-tied-x", np.ones(10), rng.normal(size=10)
    yield "n=2", np.array([1.0, 2.0]), np.array([3.0, 1.0])
    yield "n=1", np.array([1.0]), np.array([2.0])
    x = np.arange(20.0); yield "perfect", x, 2 * x + 1
    yield "reversed", x, -x
    x = rng.normal(size=300); yield "large", np.round(x, 1), np.round(0.3 * x + rng.normal(size=300), 1)
    yield "huge-scale", rng.normal(size=40) * 1e9, rng.normal(size=40) * 1e-9

corr = []
for name, x, y in series():
    corr.append({"name": name, "x": enc(x), "y": enc(y),
      "kendall_tau_b": ref(lambda: stats.kendalltau(x, y, variant="b").statistic),
      "kendall_p_asymptotic": ref(lambda: stats.kendalltau(x, y, variant="b", method="asymptotic").pvalue),
      "spearman_rho": ref(lambda: stats.spearmanr(x, y).statistic),
      "spearman_p": ref(lambda: stats.spearmanr(x, y).pvalue),
      "pearson_r": ref(lambda: stats.pearsonr(x, y).statistic),
      "pearson_p": ref(lambda: stats.pearsonr(x, y).pvalue)})


def labelled():
    n = 200; y = rng.integers(0, 2, n); s = rng.normal(size=n) + y; yield "separable", y, s
    y = rng.integers(0, 2, n); yield "noise", y, rng.normal(size=n)
    y = rng.integers(0, 2, 90); yield "tied-scores", y, np.round(rng.normal(size=90) + 0.5 * y, 0)
    y = (rng.random(150) < 0.06).astype(int); y[0] = 1; yield "rare", y, rng.normal(size=150) + y
    yield "one-class", np.ones(10, int), rng.normal(size=10)
    yield "perfect", np.array([0, 0, 1, 1]), np.array([-1.0, 0.0, 0.5, 2.0])
    yield "constant-score", rng.integers(0, 2, 30), np.zeros(30)

rank = []
for name, y, s in labelled():
    p = 1 / (1 + np.exp(-s))
    rank.append({"name": name, "label": enc(y), "score": enc(s),
      "auroc": ref(lambda: metrics.roc_auc_score(y, s)),
      "average_precision": ref(lambda: metrics.average_precision_score(y, s)),
      "brier_of_sigmoid": ref(lambda: metrics.brier_score_loss(y, p)),
      "log_loss_of_sigmoid": ref(lambda: metrics.log_loss(y, p, labels=[0, 1])),
      "mann_whitney_u": ref(lambda: stats.mannwhitneyu(s[y == 1], s[y == 0], method="asymptotic").statistic),
      "mann_whitney_p": ref(lambda: stats.mannwhitneyu(s[y == 1], s[y == 0], method="asymptotic").pvalue),
      "calibration_uniform10": ref(lambda: [a for a in map(list, calibration_curve(y, p, n_bins=10, strategy="uniform"))]),
      "point_biserial_r": ref(lambda: stats.pointbiserialr(y, s).statistic)})


def raters():
    a = rng.integers(0, 2, 100); yield "binary", a, np.where(rng.random(100) < 0.8, a, 1 - a)
    a = rng.integers(0, 3, 100); yield "three-way", a, np.where(rng.random(100) < 0.6, a, rng.integers(0, 3, 100))
    yield "all-agree-one-class", np.ones(20, int), np.ones(20, int)
    yield "all-disagree", np.array([0, 1] * 10), np.array([1, 0] * 10)
    yield "one-constant", np.ones(20, int), rng.integers(0, 2, 20)

agree = []
for name, a, b in raters():
    agree.append({"name": name, "a": enc(a), "b": enc(b),
      "percent_agreement": ref(lambda: float(np.mean(a == b))),
      "cohen_kappa": ref(lambda: metrics.cohen_kappa_score(a, b)),
      "cohen_kappa_quadratic": ref(lambda: metrics.cohen_kappa_score(a, b, weights="quadratic")),
      "mcc": ref(lambda: metrics.matthews_corrcoef(a, b)),
      "confusion": ref(lambda: metrics.confusion_matrix(a, b)),
      "f1_macro": ref(lambda: metrics.f1_score(a, b, average="macro")),
      "balanced_accuracy": ref(lambda: metrics.balanced_accuracy_score(a, b))})

prop = []
for k, n in [(0, 10), (10, 10), (1, 1), (37, 50), (500, 1000), (3, 7), (999, 1000)]:
    prop.append({"successes": k, "n": n,
      "wilson95": ref(lambda: proportion.proportion_confint(k, n, 0.05, "wilson")),
      "clopper_pearson95": ref(lambda: proportion.proportion_confint(k, n, 0.05, "beta")),
      "binom_test_half_p": ref(lambda: stats.binomtest(k, n, 0.5).pvalue)})

mcn = []
for t in [[[10, 5], [3, 12]], [[50, 0], [0, 50]], [[20, 25], [7, 40]], [[100, 130], [100, 400]], [[0, 1], [0, 0]]]:
    b, c = t[0][1], t[1][0]
    mcn.append({"table": t,
      "exact_p": ref(lambda: contingency_tables.mcnemar(t, exact=True).pvalue),
      "chi2": ref(lambda: contingency_tables.mcnemar(t, exact=False, correction=True).statistic),
      "chi2_p": ref(lambda: contingency_tables.mcnemar(t, exact=False, correction=True).pvalue),
      "chi2_uncorrected_p": ref(lambda: contingency_tables.mcnemar(t, exact=False, correction=False).pvalue),
      "mid_p": ref(lambda: contingency_tables.mcnemar(t, exact=True).pvalue - stats.binom.pmf(min(b, c), b + c, 0.5) if b != c else 1 - 0.5 * stats.binom.pmf(b, b + c, 0.5))})

mult = []
for p in [[0.01, 0.04, 0.03, 0.005], [0.5, 0.5, 0.5], [0.0, 1.0, 0.05, 0.05, 0.2, 0.001], [0.02]]:
    mult.append({"p": p, **{m: ref(lambda: multitest.multipletests(p, 0.05, m)[1]) for m in ("holm", "fdr_bh", "bonferroni")}})

paired = []
for n, shift in [(12, 0.3), (60, 0.1), (200, 0.0)]:
    a = np.round(rng.normal(size=n), 3); b = np.round(a + shift + rng.normal(size=n) * 0.5, 3)
    paired.append({"a": enc(a), "b": enc(b),
      "wilcoxon_p_approx": ref(lambda: stats.wilcoxon(a, b, method="approx", correction=False, zero_method="wilcox").pvalue),
      "wilcoxon_stat": ref(lambda: stats.wilcoxon(a, b, method="approx").statistic),
      "t_stat": ref(lambda: stats.ttest_rel(a, b).statistic), "t_p": ref(lambda: stats.ttest_rel(a, b).pvalue),
      "sign_test_p": ref(lambda: stats.binomtest(int((a > b).sum()), int((a != b).sum()), 0.5).pvalue)})

logit = []
for n in (80, 400):
    X = rng.normal(size=(n, 3)); beta = np.array([0.8, -0.5, 0.0]); y = (rng.random(n) < 1 / (1 + np.exp(-(X @ beta + 0.2)))).astype(int)
    r = sm.Logit(y, sm.add_constant(X)).fit(disp=0)
    logit.append({"X": enc(X), "y": enc(y), "coef_const_first": enc(r.params), "std_err": enc(r.bse), "llf": enc(r.llf), "p_const_first": enc(r.pvalues)})

desc = []
for x in [rng.normal(size=31), np.array([1.0, 2, 3, 4]), np.array([5.0]), np.round(rng.exponential(size=101), 2)]:
    desc.append({"x": enc(x), "mean": ref(lambda: np.mean(x)), "std_population": ref(lambda: np.std(x)), "std_sample": ref(lambda: np.std(x, ddof=1)),
      "quantiles_linear": {str(q): ref(lambda: np.quantile(x, q)) for q in (0, 0.025, 0.25, 0.5, 0.75, 0.975, 1)},
      "skew": ref(lambda: stats.skew(x)), "mad": ref(lambda: stats.median_abs_deviation(x))})

ecec = []
for n, bins in [(200, 10), (37, 10), (500, 15)]:
    y = rng.integers(0, 2, n); p = np.clip(rng.beta(2, 2, n) * 0.8 + 0.2 * y, 0, 1)
    idx = np.minimum((p * bins).astype(int), bins - 1)
    e = sum(abs(p[idx == b].mean() - y[idx == b].mean()) * (idx == b).sum() / n for b in range(bins) if (idx == b).any())
    mx = max(abs(p[idx == b].mean() - y[idx == b].mean()) for b in range(bins) if (idx == b).any())
    ecec.append({"label": enc(y), "probability": enc(p), "bins": bins, "ece_equal_width_half_open_last_closed": enc(e), "mce": enc(mx)})

perm = []
d = np.array([0.3, -0.1, 0.5, 0.2, -0.4, 0.6, 0.1, 0.0])
signs = np.array(np.meshgrid(*[[1, -1]] * len(d))).reshape(len(d), -1).T
m = np.abs((signs * d).mean(1))
perm.append({"differences": enc(d), "exact_two_sided_sign_flip_p_of_mean": float((m >= abs(d.mean()) - 1e-12).mean())})

versions = {"numpy": np.__version__, "scipy": scipy.__version__, "scikit-learn": sklearn.__version__, "statsmodels": statsmodels.__version__}
for name, cases in dict(correlation=corr, ranking=rank, agreement=agree, proportion=prop, mcnemar=mcn, multiple_testing=mult, paired=paired,
                        logistic=logit, descriptive=desc, calibration_error=ecec, permutation=perm).items():
    (out / f"{name}.json").write_text(json.dumps({"versions": versions, "cases": cases}, indent=1))
    print(name, len(cases))
