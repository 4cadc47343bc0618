# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.15.0", "transformers==5.23.0", "safetensors", "numpy"]
# ///
"""Reference numbers for `run-rm --certify` and `run-dpo --certify`: transformers on the probe set, float32, one text at a time.

    python scripts/oracles/certify.py MODEL head|log-prob OUTPUT.json [--trust-remote-code]

MODEL is a folder or a hub id; `head` for a reward model with transformers' own classification head, `log-prob` for one side of a DPO pair.
Keep the file beside the model as `certify.json`, or name it with --certify-reference. Per completion: the rendered text's SHA-256, the ids
that the model reads and its numbers (outputs of the head; natural log-probabilities of the completion's tokens). The first of two BOS is
masked, as in RewardBench; the completion of a log-prob begins after the longest common prefix with the prompt and its generation prompt.
"""

import hashlib
import json
import sys
from pathlib import Path

import torch
import transformers
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer

PROBES = Path(__file__).parents[2] / "src/embedded/certify/probes.jsonl"


def hashes(folder: Path) -> dict[str, str]:
    names = ["config.json", *sorted(path.name for path in folder.glob("*.safetensors"))]
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}


def common(a: list[int], b: list[int]) -> int:
    return next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))


def main(model_id: str, kind: str, output: str, *flags: str) -> None:
    torch.set_num_threads(2)
    remote = "--trust-remote-code" in flags
    tokenizer = AutoTokenizer.from_pretrained(model_id, trust_remote_code=remote)
    loader = AutoModelForSequenceClassification if kind == "head" else AutoModelForCausalLM
    load = lambda: loader.from_pretrained(model_id, dtype=torch.float32, attn_implementation="eager", trust_remote_code=remote).eval()
    kept = model = load()
    # such a rope remembers the longest text before
    remembers = any(f'"{kind}"' in json.dumps(model.config.to_dict(), default=str) for kind in ("dynamic", "longrope"))
    longest = getattr(model.config, "max_position_embeddings", None) or 10**9
    folder = Path(model_id)
    if not folder.is_dir():
        from huggingface_hub import snapshot_download
        folder = Path(snapshot_download(model_id, allow_patterns=["config.json", "*.safetensors"]))

    def render(messages: list[dict], **options: bool) -> str:
        return tokenizer.apply_chat_template(messages, tokenize=False, **options)

    def numbers(prompt: list[dict], completion: str) -> dict:
        text = render([*prompt, {"role": "assistant", "content": completion}])
        found: dict = {"text_sha256": hashlib.sha256(text.encode()).hexdigest()}
        ids = tokenizer(text, add_special_tokens=kind == "head")["input_ids"]
        found["ids"] = ids
        if len(ids) > longest:
            return {**found, "values": None, "reason": "too_long"}
        row = torch.tensor([ids])
        model = load() if remembers else kept
        with torch.no_grad():
            if kind == "head":
                mask = torch.ones_like(row)
                if tokenizer.bos_token_id is not None and ids[:2] == [tokenizer.bos_token_id] * 2:
                    mask[0, 0] = 0
                return {**found, "values": model(input_ids=row, attention_mask=mask).logits[0].tolist()}
            start = common(ids, tokenizer(render(prompt, add_generation_prompt=True), add_special_tokens=False)["input_ids"])
            if start == len(ids) or start == 0:
                return {**found, "values": None, "reason": "empty_span"}
            logs = torch.log_softmax(model(input_ids=row).logits[0].float(), dim=-1)
            picked = logs[torch.arange(start - 1, len(ids) - 1), row[0, start:]]
            return {**found, "values": picked.tolist()}

    probes = [json.loads(line) for line in PROBES.read_text(encoding="utf-8").splitlines()]
    record = {
        "kind": kind,
        "probes_sha256": hashlib.sha256(PROBES.read_bytes()).hexdigest(),
        "files": hashes(folder),
        "made_with": f"transformers {transformers.__version__}, torch {torch.__version__}, float32, CPU, eager attention, one text at a time",
        "completions": [
            {"id": probe["id"], "index": index, **numbers(probe["prompt"], completion)}
            for probe in probes
            for index, completion in enumerate(probe["completions"])
        ],
    }
    Path(output).write_text(json.dumps(record) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
