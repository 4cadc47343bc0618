"""Intraclass correlations and NDCG: test/data/stats/raters.json.

Run: python scripts/oracles/stats-raters.py test/data/stats   (pingouin 0.5.5, scikit-learn 1.9.1, scipy 1.17.1, numpy, pandas)
pingouin rounds its intervals to two decimals; they are made here from its own formulas (McGraw & Wong 1996) with scipy's F, and must round to
what it says.
"""
import json, sys
from pathlib import Path
import numpy as np, pandas as pd, pingouin as pg
from scipy.stats import f
from sklearn.metrics import ndcg_score

rng = np.random.default_rng(20261128)
shrout_fleiss = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], float)
level = rng.normal(size=(40, 1))
tables = {
    "shrout-fleiss-1979": shrout_fleiss,
    "two-raters": level + 0.5 * rng.normal(size=(40, 2)) + [0, 1],
    "five-raters-noise": rng.normal(size=(25, 5)),
    "other-scales": level * [1, 3] + 0.3 * rng.normal(size=(40, 2)),
    "three-rows": np.array([[1.0, 2.0], [3.0, 5.0], [2.0, 2.5]]),
    "against-each-other": level * [1, -1] + 0.2 * rng.normal(size=(40, 2)),
}


def intervals(x):
    n, k = x.shape
    grand, row, col = x.mean(), x.mean(1), x.mean(0)
    msb = k * ((row - grand) ** 2).sum() / (n - 1)
    msj = n * ((col - grand) ** 2).sum() / (k - 1)
    msw = ((x - row[:, None]) ** 2).sum() / (n * (k - 1))
    mse = ((x - row[:, None] - col[None] + grand) ** 2).sum() / ((n - 1) * (k - 1))
    df1, dfw, dfe, q = n - 1, n * (k - 1), (n - 1) * (k - 1), 0.975
    f1l, f1u = msb / msw / f.ppf(q, df1, dfw), msb / msw * f.ppf(q, dfw, df1)
    f3l, f3u = msb / mse / f.ppf(q, df1, dfe), msb / mse * f.ppf(q, dfe, df1)
    icc2 = (msb - mse) / (msb + (k - 1) * mse + k * (msj - mse) / n)
    fj = msj / mse
    part = n * (1 + (k - 1) * icc2) - k * icc2
    v = dfe * (k * icc2 * fj + part) ** 2 / (df1 * k**2 * icc2**2 * fj**2 + part**2)
    f2u, f2l = f.ppf(q, n - 1, v), f.ppf(q, v, n - 1)
    l2 = n * (msb - f2u * mse) / (f2u * (k * msj + (k * n - k - n) * mse) + n * msb)
    u2 = n * (f2l * msb - mse) / (k * msj + (k * n - k - n) * mse + n * f2l * msb)
    one = lambda r: (r - 1) / (r + k - 1)
    mean = lambda r: r * k / (1 + r * (k - 1))
    return [[one(f1l), one(f1u)], [l2, u2], [one(f3l), one(f3u)], [1 - 1 / f1l, 1 - 1 / f1u], [mean(l2), mean(u2)], [1 - 1 / f3l, 1 - 1 / f3u]]


cases = []
for name, x in tables.items():
    n, k = x.shape
    long = pd.DataFrame({"row": np.repeat(np.arange(n), k), "rater": np.tile(np.arange(k), n), "score": x.ravel()})
    table = pg.intraclass_corr(long, targets="row", raters="rater", ratings="score").set_index("Type")
    ci = intervals(x)
    names = ["ICC1", "ICC2", "ICC3", "ICC1k", "ICC2k", "ICC3k"]
    for i, form in enumerate(names):
        assert np.allclose(np.round(ci[i], 2), table.loc[form, "CI95%"], atol=0.0100001), (name, form, ci[i], table.loc[form, "CI95%"])
    value = [float(table.loc[form, "ICC"]) for form in names]
    cases.append({"name": name, "raters": x.T.tolist(), "value": value, "ci": ci})

ranks = []
for i in range(12):
    n = int(rng.integers(2, 9))
    gains = rng.choice([0, 0.25, 0.5, 1], n)
    scores = np.round(rng.normal(size=n), 1 if i % 2 else 6)
    if gains.max() > 0:
        ranks.append({"gains": gains.tolist(), "scores": scores.tolist(), "ndcg": float(ndcg_score([gains], [scores]))})
(Path(sys.argv[1]) / "raters.json").write_text(json.dumps({"cases": cases, "ndcg": ranks}) + "\n")
