# /// script
# requires-python = "==3.11.*"
# dependencies = ["rewardbench==0.1.4", "torch", "transformers==4.51.0"]
# ///
"""
A score file as RewardBench 2's scripts/run_v2.py writes it (eval-set-scores) and the accuracies beside it (eval-set), from seeded scores,
through RewardBench 0.1.4's own reroll_and_score_dataset and process_single_model. Writes test/data/rewardbench-2/.
Run by hand in the project's folder: python scripts/oracles/rewardbench2.py
"""
import json
import random
from pathlib import Path

import numpy as np
from datasets import Dataset
from rewardbench.utils import process_single_model, reroll_and_score_dataset

OUT = Path("test/data/rewardbench-2")
rng = random.Random(7)
flat, total, correct = [], [], []


def row(id_, subset, n, right):
    """One unrolled row per completion; scores on a coarse grid, so that some are equal."""
    for i in range(n):
        score = round(rng.gauss(0.8 if i < right else 0.0, 1.0) * 4) / 4
        flat.append({"id": id_, "subset": subset, "text": f"<|user|>{subset} {id_}<|assistant|>{i}", "scores": [score]})
    total.append(n)
    correct.append(right)


number = 0
for subset in ("Factuality", "Precise IF", "Math", "Safety", "Focus"):
    for _ in range(8):
        row(str(number), subset, 4, 1)
        number += 1
for i in range(4):
    row(f"ref:{i}", "Ties", 5, 1)
    row(f"tied:{i}", "Ties", 7, 3)

rerolled = reroll_and_score_dataset(Dataset.from_list(flat), total, cols_to_combine=["text", "scores"])
rerolled = rerolled.add_column("num_correct", correct)
accuracies = {"model": "org/rm", "model_type": "Seq. Classifier", "chat_template": "tokenizer"}
for subset in np.unique(rerolled["subset"]):
    part = rerolled.filter(lambda example: example["subset"] == subset)
    if subset == "Ties":
        _, accuracies[subset] = process_single_model(part)
    else:
        accuracies[subset] = sum(part["results"]) / len(part["results"])
scores = rerolled.to_dict()
# run_v2.py empties the results of the subset Ties.
scores["results"] = [None if s == "Ties" else r for s, r in zip(scores["subset"], scores["results"])]
scores |= {"model": "org/rm", "model_type": "Seq. Classifier", "chat_template": "tokenizer"}
for name, value in (("eval-set-scores", scores), ("eval-set", accuracies)):
    (OUT / f"{name}.json").write_text(json.dumps(value, indent=4, sort_keys=True))
