# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.15.0", "transformers==5.23.0", "peft==0.21.2", "safetensors", "numpy"]
# ///
"""PEFT adapters of the tiny checkpoints under test/data, with PEFT's numbers.

    python scripts/oracles/adapters.py test/data/adapters

Writes targets.json and <case>/adapter_config.json, adapter_model.safetensors and golden.json. Seeded; CPU, float32, eager attention, batch of
one; the base is loaded in float32. What is recorded is the loaded PeftModel as it stands, not merged; the largest difference
that `merge_and_unload` makes to it is printed and kept as `merged_difference` (where merging changes what tied weights
compute, the two are different models). `base_model_name_or_path` is relative to the case's folder. Token ids are random.
Kinds and fields of golden.json as in test/data/models.
"""

import json
import shutil
import sys
from pathlib import Path

import peft
import torch
import transformers
from peft import LoraConfig, PeftModel, get_peft_model
from peft.tuners.tuners_utils import check_target_module_exists
from peft.utils.other import get_pattern_key
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSequenceClassification

torch.set_num_threads(1)
DATA = Path(__file__).resolve().parents[2] / "test/data"
LENGTHS = [3, 17, 40, 90]

LLAMA, GPT2, MISTRAL, TIED = ("parity/dpo-llama/reference", "models/gpt2-causal-untied", "models/mistral-causal-window",
                              "models/llama-causal-tied")
ATTENTION = ["q_proj", "v_proj"]
LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def rename(pairs):
    """Tensor names as other versions and trainers write them."""
    def patch(folder):
        tensors = load_file(folder / "adapter_model.safetensors")
        for old, new in pairs:
            tensors = {name.replace(old, new): x for name, x in tensors.items()}
        save_file(tensors, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    return patch


# base, head, options of LoraConfig; `biases`: the biases are trained, too; `dtype`: of the adapter's file; `patch`: of the files
CASES = {
    "llama-score": dict(base=LLAMA, head="score", r=4, lora_alpha=8, target_modules=ATTENTION),
    "llama-score-rslora": dict(base=LLAMA, head="score", r=4, lora_alpha=8, use_rslora=True, target_modules="all-linear"),
    "llama-score-patterns": dict(base=LLAMA, head="score", r=4, lora_alpha=6, target_modules=LINEAR,
                                 rank_pattern={"q_proj": 2, "layers.0.mlp.up_proj": 5, r".*\.1\..*down_proj": 3},
                                 alpha_pattern={"^model.layers.0.self_attn.v_proj": 20, "up_proj": 3}, dtype="bfloat16"),
    "llama-score-regex": dict(base=LLAMA, head="score", r=3, lora_alpha=5,
                              target_modules=r".*\.(?:0|1)\.(?:self_attn\.(?:q|o)_proj|mlp\.down_proj)",
                              exclude_modules=r".*\.1\.mlp\..*", patch=rename([("score.weight", "score.modules_to_save.default.weight"),
                                                                            (".lora_A.", ".lora_A.default.")])),
    "llama-score-layers": dict(base=LLAMA, head="score", r=3, lora_alpha=5, target_modules=LINEAR, layers_to_transform=[1],
                               exclude_modules=["k_proj"]),
    "llama-score-dora": dict(base=LLAMA, head="score", r=4, lora_alpha=8, use_dora=True, target_modules=LINEAR),
    "llama-score-three": dict(base=LLAMA, head="score", labels=3, r=2, lora_alpha=2, target_modules=ATTENTION),
    "llama-rm-again": dict(base="parity/llama-gqa", head="score", r=4, lora_alpha=8, target_modules=ATTENTION),
    "llama-bf16-base": dict(base="parity/qwen2-bf16", head="score", r=4, lora_alpha=8, target_modules=LINEAR),
    "llama-bf16-base-dora": dict(base="parity/qwen2-bf16", head="score", r=4, lora_alpha=8, use_dora=True, target_modules=LINEAR),
    "qwen2-bias-all": dict(base="parity/qwen2", head="score", r=4, lora_alpha=8, target_modules=ATTENTION, bias="all"),
    "qwen2-lora-bias": dict(base="parity/qwen2", head="score", r=4, lora_alpha=8, target_modules=ATTENTION, lora_bias=True),
    "gpt2-score": dict(base=GPT2, head="score", r=4, lora_alpha=8, target_modules=["c_attn", "c_proj", "c_fc"]),
    "gpt2-score-bias": dict(base=GPT2, head="score", r=4, lora_alpha=8, target_modules=["c_attn", "attn.c_proj"],
                            bias="lora_only", fan_in_fan_out=True, lora_bias=True),
    "gpt2-score-dora": dict(base=GPT2, head="score", r=4, lora_alpha=8, use_dora=True, target_modules=["c_attn", "c_proj"],
                            fan_in_fan_out=True),
    "gpt2-bf16-score": dict(base="models/gpt2-relu-bf16", head="score", r=4, lora_alpha=8, target_modules=["c_attn", "c_proj", "c_fc"]),
    "mistral-score": dict(base=MISTRAL, head="score", r=4, lora_alpha=8, target_modules=LINEAR),
    "llama-causal": dict(base=LLAMA, head="causal", r=4, lora_alpha=8, target_modules=LINEAR),
    "llama-causal-head": dict(base="models/llama-causal-f16", head="causal", r=4, lora_alpha=8, target_modules=["q_proj", "lm_head"]),
    "llama-causal-head-dora": dict(base="models/llama-causal-f16", head="causal", r=4, lora_alpha=8, use_dora=True,
                                   target_modules=["q_proj", "lm_head"]),
    "llama-causal-saved": dict(base="models/llama-causal-f16", head="causal", r=4, lora_alpha=8, target_modules=ATTENTION,
                               modules_to_save=["embed_tokens", "lm_head"]),
    "tied-embedding": dict(base=TIED, head="causal", r=4, lora_alpha=8, target_modules=["q_proj", "embed_tokens"]),
    "tied-saved": dict(base=TIED, head="causal", r=4, lora_alpha=8, target_modules=ATTENTION, modules_to_save=["embed_tokens"]),
    "tied-tokens": dict(base=TIED, head="causal", r=4, lora_alpha=8, target_modules=ATTENTION,
                        trainable_token_indices=[95, 4, 40, 7]),
    "untied-tokens": dict(base="models/llama-causal-f16", head="causal", r=4, lora_alpha=8, target_modules=ATTENTION,
                          trainable_token_indices={"embed_tokens": [3, 9], "lm_head": [5, 9, 80]}),
    "tied-resized": dict(base=TIED, head="causal", r=4, lora_alpha=8, target_modules=ATTENTION, resize=100),
    "tied-head": dict(base=TIED, head="causal", r=4, lora_alpha=8, target_modules=["q_proj", "lm_head"]),
    "llama-score-head-named": dict(base=LLAMA, head="score", r=4, lora_alpha=8, target_modules=["q_proj", "lm_head"]),
    "gpt2-causal-embedding": dict(base=GPT2, head="causal", r=4, lora_alpha=8, target_modules=["c_attn", "wte"]),
}
OWN = ("base", "head", "labels", "dtype", "patch", "resize")


def base_model(options):
    """The base under the adapter's class, in float32, as a user loads it."""
    auto = AutoModelForCausalLM if options["head"] == "causal" else AutoModelForSequenceClassification
    labels = {} if options["head"] == "causal" else {"num_labels": options.get("labels", 1)}
    folder = DATA / options["base"]
    torch.manual_seed(0)
    model = auto.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager", **labels).eval()
    if "resize" in options:
        model.resize_token_embeddings(options["resize"], mean_resizing=False)
    return model


def train(model, seed):
    """Weights with an effect on everything that training would move."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        noise = torch.randn(parameter.shape, generator=generator)
        if "lora_magnitude" in name:
            parameter.data *= 1 + 0.2 * noise
        elif "lora_" in name:
            parameter.data = noise * (1.0 if parameter.dim() == 1 else 0.7 / parameter.shape[-1] ** 0.5)
        elif parameter.dim() == 1:
            parameter.data = parameter.data + 0.2 * noise
        elif "score" in name:
            parameter.data = noise * 1.3 / parameter.shape[-1] ** 0.5
        else:
            parameter.data = parameter.data + 0.3 * noise * parameter.data.std()


def sequences(vocab, seed):
    generator = torch.Generator().manual_seed(seed)
    draw = lambda n: torch.randint(3, vocab, (n,), generator=generator).tolist()
    prefix = draw(24)
    return [(prefix + draw(n - 24)) if n > 24 else prefix[:n - 1] + draw(1) for n in LENGTHS]


def outputs(model, ids, causal):
    x = torch.tensor([ids])
    logits = model(x).logits
    if not causal:
        return logits[0].tolist()
    start = max(1, len(ids) // 3)
    return torch.log_softmax(logits[0, :-1].float(), -1).gather(1, x[0, 1:, None])[:, 0].tolist()[start - 1:]


MODULES = ["model.embed_tokens", "model.layers.0.self_attn.q_proj", "model.layers.1.self_attn.q_proj", "model.layers.10.self_attn.q_proj",
           "model.layers.1.mlp.up_proj", "model.layers.1.mlp.experts.0.up_proj", "transformer.h.1.attn.c_proj", "transformer.h.1.mlp.c_proj",
           "h.1.attn.c_proj", "model.norm", "lm_head", "score", "layers.0.self_attn.k_proj", "model.layers.0.self_attn.kq_proj"]
TARGETS = [
    dict(target_modules=["q_proj"]), dict(target_modules=["q_proj", "lm_head"], exclude_modules=["layers.0.self_attn.q_proj"]),
    dict(target_modules=["q_proj", "up_proj"], layers_to_transform=1), dict(target_modules=["q_proj", "up_proj"], layers_to_transform=[0, 10]),
    dict(target_modules=["up_proj", "c_proj"], layers_to_transform=[1], layers_pattern="h"),
    dict(target_modules=["up_proj", "c_proj"], layers_to_transform=[0], layers_pattern=["experts", "layers"]),
    dict(target_modules=["lm_head", "q_proj"], layers_to_transform=[0]),
    dict(target_modules=["attn.c_proj"]), dict(target_modules=r".*\.1\..*_proj"), dict(target_modules=r"(?i).*\.Q_PROJ"),
    dict(target_modules=r".*(q|up)_pro"), dict(target_modules=r".*q_proj|lm_head", exclude_modules=r"model\.layers\.1\..*"),
    dict(target_modules=["score", "lm_head", "q_proj"], modules_to_save=["score", "layers.1"]),
    dict(target_modules=["model.embed_tokens", "k_proj"]),
]
PATTERNS = [{"q_proj": 1}, {"1.self_attn.q_proj": 1, "q_proj": 2}, {"^model.layers.1.*": 1}, {r"layers\.\d\..*_proj": 1, "c_proj": 2},
            {"c_proj|lm_head": 1}, {"model.layers.0.self_attn.q_proj": 1}, {"proj": 1, "mlp.c_proj": 2}]


def write_targets(out):
    """Which modules PEFT adapts, and which rank a pattern gives them, by its own functions."""
    targets = []
    for options in TARGETS:
        config = LoraConfig(**options)
        targets.append({"config": options, "targeted": [m for m in MODULES if check_target_module_exists(config, m)]})
    patterns = [{"rank_pattern": p, "ranks": [p.get(get_pattern_key(p.keys(), m), 8) for m in MODULES]} for p in PATTERNS]
    (out / "targets.json").write_text(json.dumps({"modules": MODULES, "targets": targets, "patterns": patterns}, indent=1) + "\n")


def main(out):
    out.mkdir(parents=True, exist_ok=True)
    write_targets(out)
    for name, options in CASES.items():
        seed = sum(map(ord, name))
        causal = options["head"] == "causal"
        folder = out / name
        shutil.rmtree(folder, ignore_errors=True)
        model = base_model(options)
        own = {key: value for key, value in options.items() if key not in OWN}
        model = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM" if causal else "SEQ_CLS", **own))
        train(model, seed)
        model.save_pretrained(folder)
        (folder / "README.md").unlink(missing_ok=True)
        file = folder / "adapter_model.safetensors"
        if "dtype" in options:
            save_file({key: x.to(getattr(torch, options["dtype"])) for key, x in load_file(file).items()}, file)
        config = json.loads((folder / "adapter_config.json").read_text())
        base = Path("../..") / options["base"]
        config["base_model_name_or_path"] = str(base)
        for key in ("target_modules", "exclude_modules"):
            if isinstance(config[key], list):
                config[key] = sorted(config[key])
        (folder / "adapter_config.json").write_text(json.dumps(config, indent=2) + "\n")

        loaded = PeftModel.from_pretrained(base_model(options), folder).eval()
        if "patch" in options:
            options["patch"](folder)
        cases, largest = [], 0.0
        with torch.inference_mode():
            ids = sequences(loaded.config.vocab_size, 100 + seed)
            values = [outputs(loaded, one, causal) for one in ids]
            plain = [outputs(base_model(options), one, causal) for one in ids]
            merged = loaded.merge_and_unload()
            for one, value in zip(ids, values):
                again = outputs(merged, one, causal)
                largest = max(largest, max(abs(a - b) for a, b in zip(value, again)))
                if causal:
                    cases.append({"id": f"length-{len(one)}", "template": {
                        "input_ids": one, "n_prompt_tokens": max(1, len(one) // 3), "policy_logps": value}})
                else:
                    cases.append({"id": f"length-{len(one)}", "input_ids": one, "scores": value, "read_index": len(one) - 1})
        effect = max(abs(a - b) for value, other in zip(values, plain) for a, b in zip(value, other))
        advice = {"per_token_atol": 1e-4} if causal else {"atol": 2e-5, "rtol": 1e-5}
        golden = {"kind": "causal-lm" if causal else "sequence-classification", "tolerance_advice": advice,
                  "versions": {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__},
                  "merged_difference": largest, "adapter_effect": effect, "cases": cases}
        (folder / "golden.json").write_text(json.dumps(golden))
        print(name, f"effect {effect:.3f} merged {largest:.1e}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
