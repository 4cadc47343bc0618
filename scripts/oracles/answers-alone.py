# /// script
# requires-python = ">=3.11,<3.13"
# dependencies = ["scikit-learn==1.9.1", "numpy"]
# ///
"""What the answers of chem-pairs-v1 give away to one who never reads the question: test/data/make/answers-alone.json.

    python scripts/oracles/answers-alone.py [PAIRS]

Logistic regression (L2, C = 0.1) on the difference of two texts of a pair, trained on four fifths of the questions and asked about the
last fifth: which of the two is the chosen one? A tie counts half. Three views of a text: `shape` (lengths of text and answer, brackets,
digits, chiral marks, dots, spaces), `thought` and `answer` (how often each string of 1 to 4 characters stands in it).
"""

import gzip
import hashlib
import json
import sys
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix, vstack
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

ROOT = Path(__file__).resolve().parents[2]
PAIRS = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "src/embedded/chem-pairs-v1/pairs.jsonl.gz"
FOLDS = 5


def answer(text: str) -> str:
    return text.split("<|answer_start|>")[-1].split("<|answer_end|>")[0]


def shape(text: str) -> list[float]:
    a = answer(text)
    return [len(text), len(a), len(text) - len(a), a.count("("), a.count("c"), sum(map(str.isdigit, a)), a.count("@"), a.count("."), text.count(" ")]


def differences(rows: list[dict], view: str) -> csr_matrix:
    chosen, rejected = ([row[role] for row in rows] for role in ("chosen", "rejected"))
    if view == "shape":
        d = np.array([shape(t) for t in chosen], float) - np.array([shape(t) for t in rejected], float)
        return csr_matrix(d / (d.std(axis=0) + 1e-9))
    part = answer if view == "answer" else (lambda text: text.replace(answer(text), ""))
    counts = CountVectorizer(analyzer="char", lowercase=False, ngram_range=(1, 4), min_df=3)
    counts.fit([part(text) for text in chosen + rejected])
    return (counts.transform([part(t) for t in chosen]) - counts.transform([part(t) for t in rejected])).astype(float)


def accuracy(rows: list[dict], view: str) -> float:
    d = differences(rows, view)
    fold = np.array([int(hashlib.sha256(str(row["prompt"]).encode()).hexdigest()[:8], 16) % FOLDS for row in rows])
    points = 0.0
    for k in range(FOLDS):
        train = d[fold != k]
        model = LogisticRegression(C=0.1, max_iter=1000, fit_intercept=False)
        model.fit(vstack([train, -train]), np.r_[np.ones(train.shape[0]), np.zeros(train.shape[0])])
        score = model.decision_function(d[fold == k])
        points += float(np.sum((score > 0) + 0.5 * (score == 0)))
    return round(100 * points / len(rows), 1)


def main() -> None:
    opened = gzip.open(PAIRS, "rt") if PAIRS.suffix == ".gz" else PAIRS.open()
    with opened as lines:
        text = lines.read()
    rows = [json.loads(line) for line in text.splitlines()]
    subsets = {name: [row for row in rows if row["subset"] == name] for name in sorted({row["subset"] for row in rows})}
    result = {
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "percent": {
            name: {view: accuracy(part, view) for view in ("shape", "thought", "answer")}
            for name, part in {"all": rows, **subsets}.items()
        },
    }
    target = ROOT / "test/data/make/answers-alone.json"
    target.write_text(json.dumps(result, indent=2) + "\n")
    print(target.read_text())


if __name__ == "__main__":
    main()
