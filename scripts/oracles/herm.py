# /// script
# requires-python = "==3.11.*"
# dependencies = ["rewardbench==0.1.4", "torch", "transformers==4.51.0"]
# ///
"""
RewardBench 0.1.4's own command line on variants of one tiny checkpoint (test/data/herm/model), on the CPU: pad tokens in tokenizer and
config.json, chat templates in the tokenizer and on the command line, tokenizer classes. Writes test/data/herm/expected.json.
Run by hand in the project's folder: python scripts/oracles/herm.py
The one change to RewardBench: BatchEncoding.to("cuda"), which its pipeline has in its code, stays on the CPU.
"""
import json, os, shutil, sys, tempfile
from pathlib import Path

import transformers

_to = transformers.BatchEncoding.to
transformers.BatchEncoding.to = lambda self, device, **k: _to(self, "cpu" if str(device).startswith("cuda") else device, **k)
from rewardbench.rewardbench import Args, rewardbench  # noqa: E402

HERE = Path("test/data/herm").resolve()
ROWS = [json.loads(line) for line in (HERE / "pairs.jsonl").read_text().splitlines()]
# name: pad of config.json, pad of the tokenizer, tokenizer's class, own template kept, --chat_template
PLAIN = "PreTrainedTokenizerFast"
VARIANTS = {
    "no-pad": (None, None, PLAIN, True, None),
    "pad-only-in-config": (5, None, PLAIN, True, None),
    "pad-only-in-tokenizer": (None, "<|finetune_right_pad_id|>", PLAIN, True, None),
    "pads-that-differ": (4, "<|finetune_right_pad_id|>", PLAIN, True, None),
    "own-template-and-tulu": (5, "<|finetune_right_pad_id|>", PLAIN, True, "tulu"),
    "no-template-and-tulu": (5, "<|finetune_right_pad_id|>", PLAIN, False, "tulu"),
    "llama-no-template-and-tulu": (5, "<|finetune_right_pad_id|>", "LlamaTokenizerFast", False, "tulu"),
    "llama-no-template-no-pad": (None, None, "LlamaTokenizerFast", False, "tulu"),
    "llama-own-template": (5, "<|finetune_right_pad_id|>", "LlamaTokenizerFast", True, None),
}


def lay_out(folder: Path, pad, token, kind, own) -> None:
    shutil.copytree(HERE / "model", folder)
    config = json.loads((folder / "config.json").read_text())
    tokenizer = json.loads((folder / "tokenizer_config.json").read_text())
    if pad is not None:
        config["pad_token_id"] = pad
    if token is not None:
        tokenizer["pad_token"] = token
    if not own:
        del tokenizer["chat_template"]
    tokenizer["tokenizer_class"] = kind
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer))


expected = {}
with tempfile.TemporaryDirectory() as tmp:
    os.chdir(tmp)
    turn = lambda role, content: {"role": role, "content": content}  # noqa: E731
    with open("pairs.jsonl", "w") as out:
        for row in ROWS:
            both = {side: [turn("user", row["prompt"]), turn("assistant", row[side])] for side in ("chosen", "rejected")}
            out.write(json.dumps(both) + "\n")
    for name, (pad, token, kind, own, template) in VARIANTS.items():
        lay_out(Path(name), pad, token, kind, own)
        rewardbench(
            Args(
                model=name,
                dataset="pairs.jsonl",
                load_json=True,
                batch_size=8,
                torch_dtype="float32",
                not_quantized=True,
                chat_template=template,
                output_dir="out/",
            )
        )
        lines = [json.loads(line) for line in Path(f"out/{name}_outputs.jsonl").read_text().splitlines()]
        expected[name] = {
            "config_pad": pad,
            "tokenizer_pad": token,
            "tokenizer_class": kind,
            "own_template": own,
            "chat_template": template,
            "scores": [[line["scores_chosen"], line["scores_rejected"]] for line in lines],
            "texts": [[line["text_chosen"], line["text_rejected"]] for line in lines],
        }
    os.chdir(HERE.parents[2])
(HERE / "expected.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n")
