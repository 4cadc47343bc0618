# /// script
# dependencies = ["torch==2.15.0", "transformers==5.23.0"]
# ///
"""transformers on the ids of drift.ts, which starts it: python drift-torch.py MODEL_FOLDER head|logProb < sequences

stdin: [{"ids": [id, ...], "read": first completion token or the token that the head reads}, ...], one sequence at a time, no padding.
stdout: {"float32": [score, ...], "bfloat16": [score, ...]}. Log-softmax and sum are float64 in both: what differs is the body.
"""

import json
import sys

import torch
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

folder, kind = sys.argv[1], sys.argv[2]
sequences = json.load(sys.stdin)
auto = AutoModelForSequenceClassification if kind == "head" else AutoModelForCausalLM


@torch.no_grad()
def score(model, ids, read):
    hidden = model.model(torch.tensor([ids])).last_hidden_state[0]
    if kind == "head":
        return model.score(hidden[read]).double()[0].item()
    logits = model.lm_head(hidden[read - 1 : -1]).double()
    targets = torch.tensor(ids[read:])
    return torch.log_softmax(logits, -1).gather(1, targets[:, None]).sum().item()


scores = {}
for dtype in ("float32", "bfloat16"):
    model = auto.from_pretrained(folder, dtype=getattr(torch, dtype)).eval()
    scores[dtype] = [score(model, one["ids"], one["read"]) for one in sequences]
json.dump(scores, sys.stdout)
