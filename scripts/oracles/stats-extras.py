"""Edge cases of the contract's statistics, and the statistics beyond it: test/data/stats/extras.json.

Run: python scripts/oracles/stats-extras.py test/data/stats/extras.json
(numpy 2.4.6, scipy 1.17.1, scikit-learn 1.9.1, statsmodels 0.15.0, krippendorff 0.8; seed 20240611)
Each case: f = our function's name, args, want. NaN as "NaN", an exception as {"error": class}.
"""
import json, math, sys, warnings
import numpy as np
from scipy import stats, special
from sklearn import metrics
from sklearn.calibration import calibration_curve
from sklearn.isotonic import IsotonicRegression
from statsmodels.stats import contingency_tables, inter_rater, multitest, proportion, weightstats
import statsmodels.api as sm
import krippendorff

warnings.simplefilter("ignore")
rng = np.random.default_rng(20240611)
cases = []


def enc(v):
    if isinstance(v, (bool, np.bool_)): return bool(v)
    if isinstance(v, (int, np.integer)): return int(v)
    if isinstance(v, (float, np.floating)):
        v = float(v)
        return "NaN" if math.isnan(v) else "Infinity" if v == math.inf else "-Infinity" if v == -math.inf else v
    if isinstance(v, np.ndarray): return [enc(x) for x in v.tolist()]
    if isinstance(v, (list, tuple)): return [enc(x) for x in v]
    if isinstance(v, dict): return {k: enc(x) for k, x in v.items()}
    return v


def case(f, args, reference):
    try: want = enc(reference())
    except Exception as e: want = {"error": type(e).__name__}
    cases.append({"f": f, "args": enc(list(args)), "want": want})


# correlations: ties, two and three points, extreme scale, constant by rounding
series = [
    (rng.integers(0, 3, 40).astype(float), rng.integers(0, 4, 40).astype(float)),
    (np.array([1.0, 2, 3]), np.array([1.0, 3, 2])),
    (np.array([0.1, 0.1, 0.1]), np.array([1.0, 2, 3])),
    (np.array([1e300, 2e300, 4e300]), np.array([1.0, 5, 2])),
    (np.array([1.0, 1, 2, 2]), np.array([1.0, 1, 2, 2])),
    (np.array([]), np.array([])),
    (np.array([3.0, 3]), np.array([1.0, 2])),
    (rng.normal(size=500), rng.normal(size=500)),
    (np.repeat(np.arange(7.0), 30), rng.integers(0, 2, 210).astype(float)),
]
for x, y in series:
    case("kendallTauB", [x, y], lambda: stats.kendalltau(x, y).statistic)
    case("kendallP", [x, y], lambda: stats.kendalltau(x, y, method="asymptotic").pvalue)
    case("kendallTauC", [x, y], lambda: stats.kendalltau(x, y, variant="c").statistic)
    case("spearman", [x, y], lambda: stats.spearmanr(x, y).statistic)
    case("spearmanP", [x, y], lambda: stats.spearmanr(x, y).pvalue)
    case("pearson", [x, y], lambda: stats.pearsonr(x, y).statistic)
    case("pearsonP", [x, y], lambda: stats.pearsonr(x, y).pvalue)
    if len(x) > 2: case("somersD", [x, y], lambda: stats.somersd(x, y).statistic)

# ranking
labelled = [
    (np.array([0, 0, 0]), np.array([1.0, 2, 3])), (np.array([1]), np.array([1.0])), (np.array([], int), np.array([])),
    (np.array([0, 1]), np.array([1.0, np.nan])), (np.array([0, 1]), np.array([1.0, np.inf])),
    (np.array([1, 0]), np.array([0.5, 0.5])), (rng.integers(0, 2, 400), np.round(rng.normal(size=400), 1)),
    (np.array([-1, 1, 1, -1]), np.array([0.1, 0.4, 0.35, 0.8])),
]
for y, s in labelled:
    case("auroc", [y, s], lambda: metrics.roc_auc_score(y, s))
    case("averagePrecision", [y, s], lambda: metrics.average_precision_score(y, s))
    case("mannWhitneyP", [s[y == 1], s[y != 1]], lambda: stats.mannwhitneyu(s[y == 1], s[y != 1], method="asymptotic").pvalue)
probabilities = [
    (np.array([0, 1, 1]), np.array([0.0, 1.0, 0.0])), (np.array([0, 0]), np.array([0.2, 1.0])), (np.array([1]), np.array([0.3])),
    (np.array([0, 1]), np.array([0.5, 1.2])), (np.array([0, 1, 0, 1]), np.array([0.1, 0.2, 0.3, 0.30000000000000004])),
    (rng.integers(0, 2, 300), rng.beta(0.5, 0.5, 300)), (rng.integers(0, 2, 50), np.round(rng.random(50), 1)),
]
for y, p in probabilities:
    case("brier", [y, p], lambda: metrics.brier_score_loss(y, p))
    case("logLoss", [y, p], lambda: metrics.log_loss(y, p, labels=[0, 1]))
    for bins in (5, 10):
        for strategy in ("uniform", "quantile"):
            case("calibrationCurve", [y, p, bins, strategy], lambda: [c for c in calibration_curve(y, p, n_bins=bins, strategy=strategy)])

# raters
for a, b in [(np.array([], int), np.array([], int)), (np.array([1]), np.array([1])), (np.array([1]), np.array([0])),
             (rng.integers(0, 5, 200), rng.integers(0, 5, 200)), (np.array([0, 0, 1, 5]), np.array([0, 1, 1, 5])),
             (np.ones(9, int), np.zeros(9, int))]:
    case("cohenKappa", [a, b, None], lambda: metrics.cohen_kappa_score(a, b))
    case("cohenKappa", [a, b, "linear"], lambda: metrics.cohen_kappa_score(a, b, weights="linear"))
    case("cohenKappa", [a, b, "quadratic"], lambda: metrics.cohen_kappa_score(a, b, weights="quadratic"))
    case("mcc", [a, b], lambda: metrics.matthews_corrcoef(a, b))
for table in [rng.multinomial(4, [0.2, 0.5, 0.3], 30), np.array([[3, 0], [3, 0]]), np.array([[3, 0], [0, 3]])]:
    case("fleissKappa", [table], lambda: inter_rater.fleiss_kappa(table))
ratings = rng.integers(1, 5, (4, 30)).astype(float)
ratings[1] = np.where(rng.random(30) < 0.7, ratings[0], ratings[1]); ratings[rng.random((4, 30)) < 0.15] = np.nan
for level in ("nominal", "interval"):
    case("krippendorffAlpha", [[[None if math.isnan(v) else v for v in r] for r in ratings], level],
         lambda: krippendorff.alpha(reliability_data=ratings, level_of_measurement=level))

# proportions, exact tests
for k, n in [(0, 1), (1, 3), (5, 5), (250, 251), (3, 100000), (50000, 100001), (999999, 1000000)]:
    case("wilson", [k, n], lambda: proportion.proportion_confint(k, n, 0.05, "wilson"))
    case("clopperPearson", [k, n], lambda: proportion.proportion_confint(k, n, 0.05, "beta"))
    for p in (0.5, 0.1, 0.25, 0.9):
        case("binomialTest", [k, n, p], lambda: stats.binomtest(k, n, p).pvalue)
case("binomialTest", [0, 0, 0.5], lambda: stats.binomtest(0, 0, 0.5).pvalue)
for k in range(0, 13): case("binomialTest", [k, 12, 0.3], lambda: stats.binomtest(k, 12, 0.3).pvalue)
for b, c in [(0, 0), (1, 1), (5, 5), (0, 30), (700, 400), (3, 0)]:
    t = [[10, b], [c, 10]]
    case("mcnemarExact", [b, c], lambda: contingency_tables.mcnemar(t, exact=True).pvalue)
    if b + c: case("mcnemarChi2", [b, c], lambda: contingency_tables.mcnemar(t, exact=False, correction=False).pvalue)
    if b + c: case("mcnemarCorrected", [b, c], lambda: contingency_tables.mcnemar(t, exact=False, correction=True).pvalue)
for p in [list(rng.random(25) ** 3), [0.0, 0.0, 1.0], [0.04, 0.04, 0.04, 0.9]]:
    for name, m in (("holm", "holm"), ("benjaminiHochberg", "fdr_bh"), ("bonferroni", "bonferroni")):
        case(name, [p], lambda: multitest.multipletests(p, 0.05, m)[1])

# paired
for a, b in [(np.round(rng.normal(size=40), 1), np.round(rng.normal(size=40), 1)), (np.array([1.0, 2]), np.array([1.0, 2])),
             (np.array([1.0]), np.array([2.0])), (rng.integers(0, 3, 30).astype(float), rng.integers(0, 3, 30).astype(float))]:
    case("wilcoxonP", [a, b, "wilcox"], lambda: stats.wilcoxon(a, b, method="approx", correction=False, zero_method="wilcox").pvalue)
    case("wilcoxonP", [a, b, "pratt"], lambda: stats.wilcoxon(a, b, method="approx", correction=False, zero_method="pratt").pvalue)
    case("pairedT", [a, b], lambda: stats.ttest_rel(a, b).pvalue)
    if len(a) > 5:
        case("equivalence", [a, b, 0.5], lambda: weightstats.ttost_paired(a, b, -0.5, 0.5)[0])
        case("pairedTInterval", [a, b], lambda: list(stats.ttest_rel(a, b).confidence_interval(0.95)))
    case("ksDistance", [a, b], lambda: stats.ks_2samp(a, b).statistic)
for d in [rng.normal(size=7), rng.normal(size=13), np.zeros(4), np.array([1.0]), rng.integers(-1, 2, 12).astype(float)]:
    def exact(d=d):
        s = np.array(np.meshgrid(*[[1, -1]] * len(d))).reshape(len(d), -1).T
        return float((np.abs((s * d).mean(1)) >= abs(d.mean()) - 1e-12).mean())
    case("signFlip", [d], exact)

# tables
for table in [rng.integers(0, 30, (4, 3)), np.array([[10, 0], [3, 7]]), np.array([[5, 5]])]:
    case("chiSquare", [table], lambda: list(stats.chi2_contingency(table, correction=False))[:3] if min(table.shape) > 1 else 1 / 0)
    if min(table.shape) > 1:
        case("cramerV", [table], lambda: stats.contingency.association(table, method="cramer", correction=False))
        case("residuals", [table], lambda: sm.stats.Table(table, shift_zeros=False).standardized_resids)
strata = [rng.integers(1, 20, (2, 2)) for _ in range(5)]
def mh():
    t = contingency_tables.StratifiedTable([s.astype(float) for s in strata])
    return [t.oddsratio_pooled, t.test_null_odds(correction=False).statistic, t.test_null_odds(correction=False).pvalue]
case("stratified", [strata], mh)
est, se = rng.normal(size=6), rng.random(6) + 0.1
def q():
    w = 1 / se**2; m = (w * est).sum() / w.sum(); s = (w * (est - m) ** 2).sum()
    return [s, stats.chi2.sf(s, 5)]
case("cochranQ", [est, se], q)

# moments, quantiles
for x in [rng.exponential(size=50), np.array([1.0, 1, 1]), np.array([1e9, 1e9 + 1, 1e9 + 2]), np.array([2.0, 5])]:
    case("skewness", [x], lambda: stats.skew(x)); case("kurtosis", [x], lambda: stats.kurtosis(x))
    for p in (0.1, 1 / 3, 0.999): case("quantile", [x, p], lambda: np.quantile(x, p))
case("quantile", [np.array([]), 0.5], lambda: np.quantile(np.array([]), 0.5))

# cluster-robust: mean and logit
values, cl = rng.normal(size=60) + np.repeat(rng.normal(size=20), 3), np.repeat(np.arange(20), 3)
def cse():
    r = sm.OLS(values, np.ones((60, 1))).fit(cov_type="cluster", cov_kwds={"groups": cl})
    return r.bse[0]
case("clusterStandardError", [values, cl], cse)
X = rng.normal(size=(200, 2)); yb = (rng.random(200) < special.expit(X @ [1.0, -0.5])).astype(int); g = np.repeat(np.arange(50), 4)
def logit(cluster):
    m = sm.Logit(yb, sm.add_constant(X))
    r = m.fit(disp=0, maxiter=100, gtol=1e-14) if not cluster else m.fit(disp=0, maxiter=100, cov_type="cluster", cov_kwds={"groups": g, "use_correction": False})
    return r
case("logisticCoefficients", [X, yb], lambda: logit(False).params)
# without statsmodels' factor C/(C-1)·(n-1)/(n-k); ours has C/(C-1)
case("logisticClusterErrors", [X, yb, g], lambda: logit(True).bse * np.sqrt(50 / 49))
case("logistic", [[[1.0], [2], [3], [4]], [0, 0, 1, 1]], lambda: {"error": "PerfectSeparation"} and (_ for _ in ()).throw(ValueError("separated")))
case("isotonic", [np.round(rng.normal(size=40), 1), (iy := rng.integers(0, 2, 40))], lambda: None)
cases[-1]["want"] = enc(IsotonicRegression().fit_transform(np.array(cases[-1]["args"][0]), iy))

# partial Spearman from the inverse correlation matrix of ranks
x, y, z1, z2 = rng.normal(size=(4, 80)); y = y + x + z1; z2 = np.round(z2 + z1, 1)
def partial():
    r = np.corrcoef(np.array([stats.rankdata(v) for v in (x, y, z1, z2)])); i = np.linalg.inv(r)
    return -i[0, 1] / np.sqrt(i[0, 0] * i[1, 1])
case("partialSpearman", [x, y, [z1, z2]], partial)

# DeLong by its definition (all pairs), not by mid-ranks
yd = rng.integers(0, 2, 70); sa, sb = np.round(rng.normal(size=70) + yd, 1), np.round(rng.normal(size=70) + 0.4 * yd, 1)
def delong():
    psi = lambda s: (np.sign(s[yd == 1][:, None] - s[yd == 0][None, :]) + 1) / 2
    A, B = psi(sa), psi(sb); v10 = np.cov(A.mean(1), B.mean(1)); v01 = np.cov(A.mean(0), B.mean(0))
    var = lambda v, n: (v[0, 0] + v[1, 1] - 2 * v[0, 1]) / n
    d, s = A.mean() - B.mean(), math.sqrt(var(v10, A.shape[0]) + var(v01, A.shape[1]))
    return [A.mean(), B.mean(), s, 2 * stats.norm.sf(abs(d / s))]
case("delong", [yd, sa, sb], delong)

# BCa and percentile from scipy's own bootstrap distribution
data = rng.exponential(size=25)
r = stats.bootstrap((data,), np.mean, n_resamples=1999, method="BCa", rng=np.random.default_rng(1))
case("bca", [data.mean(), r.bootstrap_distribution, [(data.sum() - v) / 24 for v in data]], lambda: list(r.confidence_interval))
rp = stats.bootstrap((data,), np.mean, n_resamples=1999, method="percentile", rng=np.random.default_rng(1))
case("percentile", [rp.bootstrap_distribution], lambda: list(rp.confidence_interval))
# tails
for z in (0.0, 1.0, 8.0, 30.0, 37.0): case("normalTwoSided", [z], lambda: 2 * stats.norm.sf(z))
for t, df in [(2.0, 3), (50.0, 20), (0.0, 5), (1e-8, 7), (300.0, 100)]: case("studentTwoSided", [t, df], lambda: 2 * stats.t.sf(t, df))
for a, b, p in [(0.5, 1e5, 0.3), (1e-1, 0.2, 0.01), (1000, 1, 0.975), (2, 3, 1e-9), (1e5, 1e5, 0.025)]:
    case("betaQuantile", [p, a, b], lambda: special.betaincinv(a, b, p))

json.dump({"cases": cases}, open(sys.argv[1], "w"), separators=(",", ":"))
print(len(cases), "cases")
