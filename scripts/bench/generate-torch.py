# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.15.0", "transformers==5.24.0", "safetensors", "numpy"]
# ///
"""transformers' `generate` beside generate.ts, which starts it: python generate-torch.py MODEL_FOLDER THREADS

Answers each line of stdin with one on stdout. A line holds {"prompts": [[id, …], …], "batch": texts at once, "new": new tokens at most,
"eos": [id, …], "n": completions of each prompt}: batches in the order given, padded on the left with a mask, float32, SDPA, greedy, or
drawn at temperature 1 where n > 1, with the cache that `generate` has by itself.
"""

import json
import resource
import sys
import time

import torch
import transformers
from transformers import AutoModelForCausalLM

folder, threads = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(threads)
torch.manual_seed(0)
PAD = 0
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa").eval()


def answer(task):
    tokens, made = [], 0
    cpu, wall = time.process_time(), time.perf_counter()
    for first in range(0, len(task["prompts"]), task["batch"]):
        prompts = task["prompts"][first : first + task["batch"]]
        longest = max(map(len, prompts))
        ids = torch.full((len(prompts), longest), PAD)
        mask = torch.zeros_like(ids)
        for row, prompt in enumerate(prompts):
            ids[row, longest - len(prompt):] = torch.tensor(prompt)
            mask[row, longest - len(prompt):] = 1
        how = {"do_sample": True, "temperature": 1.0, "top_k": 0, "num_return_sequences": task["n"]} if task["n"] > 1 else {
            "do_sample": False}
        out = model.generate(ids, attention_mask=mask, max_new_tokens=task["new"], eos_token_id=task["eos"] or None,
                             pad_token_id=PAD, **how)
        for row in out[:, longest:].tolist():
            ends = [i for i, token in enumerate(row) if token in task["eos"]]
            row = row[: ends[0] + 1] if ends else row
            made += len(row)
            tokens.append(row)
    return {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall, "made": made, "tokens": tokens,
            "peakMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


print(json.dumps({"torch": torch.__version__, "transformers": transformers.__version__,
                  "threads": torch.get_num_threads()}), flush=True)
with torch.inference_mode():
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
