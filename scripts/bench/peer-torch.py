# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.15.0", "transformers==5.23.0", "safetensors", "numpy"]  # or peer/requirements.txt
# ///
"""transformers on the seeded model of score.ts, which starts it: python peer-torch.py MODEL_FOLDER score|logProb THREADS

Answers each line of stdin with one on stdout. A line holds {"sequences": [[id, …], …], "starts": [first completion token, …],
"batches": [[index, …], …], "passes": n}: the batches are padded to their longest and run as given, `passes` times in turn
(policy and reference). What is computed is RewardBench's: reward models padded on the left with a mask, as its CLI does;
log-probs from all logits of a batch, log-softmax and gather, as its DPOInference does. SDPA, no autograd; float32 on the CPU unless
PEER_DEVICE (cuda) and PEER_DTYPE (float32, bfloat16, float16) say otherwise; log-probabilities are summed in float32.
"""

import json
import os
import resource
import sys
import time

import torch
import transformers
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

folder, head, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
torch.set_num_threads(threads)
DEVICE = os.environ.get("PEER_DEVICE", "cpu")
DTYPE = getattr(torch, os.environ.get("PEER_DTYPE", "float32"))
PAD = 0  # the sequences of score.ts never hold it
auto = AutoModelForSequenceClassification if head == "score" else AutoModelForCausalLM


def load():
    dtype = "dtype" if int(transformers.__version__.split(".")[0]) >= 5 else "torch_dtype"
    model = auto.from_pretrained(folder, **{dtype: DTYPE}, attn_implementation="sdpa").eval().to(DEVICE)
    model.config.pad_token_id = PAD
    return model


models = [load()]


def rewards(model, ids, lengths):
    """ids: lists of token ids; returns one reward per row. Padded on the left."""
    longest = max(lengths)
    batch = torch.full((len(ids), longest), PAD)
    mask = torch.zeros_like(batch)
    for row, values in enumerate(ids):
        batch[row, longest - len(values):] = torch.tensor(values)
        mask[row, longest - len(values):] = 1
    return model(batch.to(DEVICE), attention_mask=mask.to(DEVICE)).logits[:, 0].float()


def log_probs(model, ids, lengths, starts):
    """Sum over the completion's tokens, as in RewardBench's get_batch_logps. Padded on the right."""
    longest = max(lengths)
    batch = torch.full((len(ids), longest), PAD)
    mask = torch.zeros_like(batch)
    labels = torch.full_like(batch, -100)
    for row, values in enumerate(ids):
        batch[row, : len(values)] = torch.tensor(values)
        mask[row, : len(values)] = 1
        labels[row, starts[row] : len(values)] = torch.tensor(values[starts[row]:])
    logits = model(batch.to(DEVICE), attention_mask=mask.to(DEVICE)).logits.float()
    labels = labels.to(DEVICE)[:, 1:].clone()
    logits = logits[:, :-1, :]
    wanted = labels != -100
    labels[labels == -100] = 0
    each = torch.gather(logits.log_softmax(-1), dim=2, index=labels.unsqueeze(2)).squeeze(2)
    return (each * wanted).sum(-1)


def settle():
    """A GPU works on after its launches return."""
    if DEVICE == "cuda":
        torch.cuda.synchronize()


def answer(task):
    sequences, starts = task["sequences"], task["starts"]
    while len(models) < task["passes"]:
        models.append(load())  # the reference, with weights of its own
    scores = [0.0] * len(sequences)
    settle()
    cpu, wall = time.process_time(), time.perf_counter()
    for batch in task["batches"]:
        ids = [sequences[i] for i in batch]
        lengths = [len(values) for values in ids]
        for model in models[: task["passes"]]:
            out = rewards(model, ids, lengths) if head == "score" else log_probs(
                model, ids, lengths, [starts[i] for i in batch])
            for i, value in zip(batch, out.tolist()):
                scores[i] = value
    settle()
    return {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall, "scores": scores,
            "peakMb": torch.cuda.max_memory_allocated() / 2**20 if DEVICE == "cuda"
            else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def matmul_peak():
    """Float32 matrix products, GFLOP per CPU second: those that score.ts takes its own peak from."""
    m, k, n = 1024, 576, 1536
    x, wide, back = torch.full((m, k), 0.5), torch.full((k, n), 0.01), torch.full((n, k), 0.01)
    best = 0.0
    for _ in range(5):
        cpu = time.process_time()
        for _ in range(12):
            (x @ wide) @ back
        best = max(best, 12 * 4 * m * k * n / 1e9 / (time.process_time() - cpu))
    return best


with torch.inference_mode():
    peak = matmul_peak() if DEVICE == "cpu" else None
print(json.dumps({"torch": torch.__version__, "transformers": transformers.__version__,
                  "threads": torch.get_num_threads(), "matmulPeak": peak}), flush=True)
with torch.inference_mode():
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
