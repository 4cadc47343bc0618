# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.15.0", "transformers==5.24.0", "safetensors", "numpy", "peft"]
# ///
"""What transformers generates with the tiny checkpoints of test/data, and what its warpers leave of fixed logits.

    python scripts/oracles/generation.py        # writes test/data/generation/{checkpoints,warpers}.json.gz

Checkpoints: greedy, float32, transformers' default attention, one text at a time, `generate` with its own cache; its logits are those of one forward pass over the whole
text without a cache, within 2e-4. A text is continued as far as there are no positions left where that is sooner. `near_ties`: places where
the two largest logits are less than 1e-3 apart, behind which another choice is as good.
"""

import gzip
import json
from pathlib import Path

import numpy as np
import torch
import transformers
from transformers import AutoModelForCausalLM
from transformers.generation.logits_process import TemperatureLogitsWarper, TopPLogitsWarper

ROOT = Path(__file__).parents[2] / "test/data"
OUT = ROOT / "generation"
NEW_TOKENS = 24
SEED = 11

# one for each trait of attention, positions and blocks (src/model/archs)
CHECKPOINTS = [
    "parity/dpo-llama/policy", "parity/dpo-llama3/policy", "parity/dpo-qwen2/policy", "parity/dpo-qwen3/policy",
    "parity/dpo-mistral/policy", "parity/dpo-gemma2/policy", "parity/dpo-gpt-neox/policy", "parity/dpo-gpt2/policy",
    "parity/dpo-phi3/policy", "models/cohere-causal", "models/cohere2-causal", "models/falcon-causal",
    "models/falcon-causal-alibi-multi-query", "models/falcon-causal-grouped", "models/gemma-causal",
    "models/gemma3-causal-eyes", "models/granite-causal",
    "models/llama-causal-tied", "models/mistral-causal-window", "models/mixtral-causal", "models/olmo2-causal",
    "models/olmoe-causal", "models/opt-causal-galactica", "models/opt-causal-post-norm", "models/phi-causal",
    "models/phi3-causal-tied", "models/qwen2-moe-causal-window", "models/qwen3-moe-causal-mixed",
    "models/stablelm-causal-12b", "models/starcoder2-causal-no-bias",
]


def write(name: str, value: object) -> None:
    with gzip.GzipFile(OUT / f"{name}.json.gz", "wb", mtime=0) as file:
        file.write(json.dumps(value, separators=(",", ":")).encode())


def continued(model, ids: list[int], count: int) -> dict:
    given = torch.tensor([ids])
    with torch.no_grad():
        out = model.generate(
            given, attention_mask=torch.ones_like(given), do_sample=False, max_new_tokens=count, eos_token_id=None,
            pad_token_id=0, use_cache=True, return_dict_in_generate=True, output_logits=True,
        )
        whole = out.sequences[0].tolist()
        new = whole[len(ids):]
        rows = torch.cat(out.logits).double()
        # Phi-3 computes a text anew where it passes the length from which its frequencies are others
        if "longrope" not in json.dumps(model.config.to_dict(), default=str):
            assert (rows - model(torch.tensor([whole])).logits[0][len(ids) - 1 : -1].double()).abs().max() < 2e-4
    log_probs = torch.log_softmax(rows.float(), -1).double()
    top = torch.topk(rows, 2, -1).values
    gaps = (top[:, 0] - top[:, 1]).tolist()
    return {
        "prompt_ids": ids,
        "token_ids": new,
        "token_logprobs": [round(log_probs[t, token].item(), 7) for t, token in enumerate(new)],
        "near_ties": [t for t, gap in enumerate(gaps) if gap < 1e-3],
    }


def checkpoints() -> dict:
    found = {}
    for name in CHECKPOINTS:
        folder = ROOT / name
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        text = getattr(model.config, "text_config", None) or model.config
        rng = np.random.default_rng(SEED)
        vocab = min(text.vocab_size, model.get_input_embeddings().num_embeddings)
        longest = getattr(text, "max_position_embeddings", None) or 256
        items = []
        for length in (1, 7, 19, 40, 58):
            length = min(length, longest - 2)
            ids = rng.integers(4, vocab, length).tolist()
            items.append(continued(model, ids, min(NEW_TOKENS, longest - length)))
        found[name] = items
        print(name, [len(item["near_ties"]) for item in items], flush=True)
    return found


def warpers() -> list[dict]:
    rng = np.random.default_rng(SEED)
    cases = []
    for vocab, spread in ((7, 1.0), (50, 3.0), (400, 6.0)):
        logits = (rng.standard_normal(vocab) * spread).astype(np.float32)
        for temperature in (0.5, 0.7, 1.0, 1.3):
            for top_p in (1.0, 0.95, 0.9, 0.5, 0.1, 1e-6):
                scores = torch.tensor(logits)[None]
                ids = torch.zeros((1, 1), dtype=torch.long)
                if temperature != 1.0:
                    scores = TemperatureLogitsWarper(temperature)(ids, scores)
                if top_p < 1.0:
                    scores = TopPLogitsWarper(top_p)(ids, scores)
                probabilities = torch.softmax(scores.double(), -1)[0]
                kept = torch.nonzero(torch.isfinite(scores[0])).flatten().tolist()
                cases.append({
                    "logits": [float(z) for z in logits], "temperature": temperature, "top_p": top_p, "kept": kept,
                    "probabilities": [probabilities[i].item() for i in kept],
                })
    return cases


if __name__ == "__main__":
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    OUT.mkdir(exist_ok=True)
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    write("warpers", {"versions": versions, "cases": warpers()})
    write("checkpoints", {"versions": versions, "new_tokens": NEW_TOKENS, "checkpoints": checkpoints()})
