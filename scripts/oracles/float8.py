# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.15.0", "transformers==5.24.0", "safetensors", "numpy"]
# ///
"""Tiny checkpoints whose linear weights are FP8 (E4M3) with scales, and transformers' numbers for them multiplied out in float32.

    python scripts/oracles/float8.py test/data/float8

Layouts: `fp8` of DeepSeek-V3 and Qwen3 (a `weight_scale_inv` for each block) and with one static scale per tensor, `fbgemm_fp8` (a scale
per row), compressed-tensors' `float-quantized` (per row and per tensor, bfloat16 scales). Where transformers opens a layout itself
(`dequantize=True`), its numbers must be the same.
"""

import json
import sys
import tempfile
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, FineGrainedFP8Config

sys.path.insert(0, str(Path(__file__).parent))
from models import LENGTHS, ROTARY, randomise, sequences  # noqa: E402

torch.set_num_threads(2)
FP8 = torch.float8_e4m3fn
BLOCKS = {"quant_method": "fp8", "fmt": "e4m3", "activation_scheme": "dynamic", "modules_to_not_convert": ["lm_head", "score"]}
GROUP = {"targets": ["Linear"], "input_activations": {"dynamic": True, "num_bits": 8, "strategy": "token", "type": "float"}}
COMPRESSED = lambda strategy: {"quant_method": "compressed-tensors", "format": "float-quantized", "ignore": ["lm_head", "score"],
                               "kv_cache_scheme": None, "quantization_status": "compressed", "config_groups": {
                                   "group_0": {**GROUP, "weights": {"dynamic": False, "num_bits": 8, "strategy": strategy, "symmetric": True, "type": "float"}}}}
CASES = {
    "blocks": dict(config="Llama", block=(16, 12), said={**BLOCKS, "weight_block_size": [16, 12]}, name="weight_scale_inv"),
    "blocks-fused-causal": dict(config="Phi3", head="causal", block=(20, 16), said={**BLOCKS, "weight_block_size": [20, 16]}, name="weight_scale_inv"),
    "tensor-static-causal": dict(config="Qwen2", head="causal", block=None, said={"quant_method": "fp8", "activation_scheme": "static"},
                                 name="weight_scale", extra="input_scale"),
    "fbgemm": dict(config="Llama", block="row", said={"quant_method": "fbgemm_fp8", "activation_scale_ub": 1200.0}, name="weight_scale", extra="input_scale_ub"),
    "compressed-row": dict(config="Mistral", block="row", said=COMPRESSED("channel"), name="weight_scale", scale_type=torch.bfloat16),
    "compressed-tensor-causal": dict(config="Llama", head="causal", block=None, said=COMPRESSED("tensor"), name="weight_scale", scale_type=torch.bfloat16, vector=True),
    "experts-blocks": dict(config="Qwen3Moe", block=(8, 16), said={**BLOCKS, "weight_block_size": [8, 16]}, name="weight_scale_inv",
                           own=dict(num_experts=4, num_experts_per_tok=2, moe_intermediate_size=8, head_dim=16)),
}


def quantised(w, block, scale_type, vector):
    """FP8, scales, and what they multiply out to in float32."""
    rows, columns = {None: w.shape, "row": (1, w.shape[1])}.get(block, block)
    high, wide = -(-w.shape[0] // rows), -(-w.shape[1] // columns)
    padded = torch.nn.functional.pad(w, (0, wide * columns - w.shape[1], 0, high * rows - w.shape[0]))
    largest = padded.reshape(high, rows, wide, columns).abs().amax((1, 3))
    scale = (largest / 448).clamp(min=1e-12).to(scale_type)
    each = scale.float().repeat_interleave(rows, 0).repeat_interleave(columns, 1)[: w.shape[0], : w.shape[1]]
    q = (w / each).clamp(-448, 448).to(FP8)
    stored = scale if block is not None else scale.reshape([1] if vector else [])
    return q, stored, q.float() * each


def main(out):
    for place, (name, case) in enumerate(CASES.items()):
        causal = case.get("head") == "causal"
        auto = AutoModelForCausalLM if causal else AutoModelForSequenceClassification
        base = ROTARY | ({} if causal else {"num_labels": 1}) | case.get("own", {})
        config = getattr(transformers, f"{case['config']}Config")(**base)
        folder = out / name
        model = auto.from_config(config)
        randomise(model, 400 + place)
        model.to(torch.bfloat16).save_pretrained(folder)
        (folder / "generation_config.json").unlink(missing_ok=True)
        tensors, plain = {}, {}
        for key, x in load_file(folder / "model.safetensors").items():
            if x.dim() == 2 and key.endswith("proj.weight"):
                q, scale, exact = quantised(x.float(), case["block"], case.get("scale_type", torch.float32), case.get("vector"))
                tensors |= {key: q, key.replace("weight", case["name"]): scale.contiguous()}
                if "extra" in case:
                    tensors[key.replace("weight", case["extra"])] = torch.tensor(0.5)
                plain[key] = exact.contiguous()
            else:
                tensors[key], plain[key] = x, x.float()
        with tempfile.TemporaryDirectory() as tmp:
            whole = Path(tmp)
            (whole / "config.json").write_text((folder / "config.json").read_text())
            save_file(plain, whole / "model.safetensors", metadata={"format": "pt"})
            model = auto.from_pretrained(whole, dtype=torch.float32, attn_implementation="eager").eval()
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
        said = json.loads((folder / "config.json").read_text()) | {"quantization_config": case["said"]}
        (folder / "config.json").write_text(json.dumps(said, indent=2))
        own = None
        try:
            if case["name"] == "weight_scale_inv":
                own = auto.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager",
                                           quantization_config=FineGrainedFP8Config(dequantize=True)).eval()
        except Exception as error:  # weights that its blocks do not divide
            print(name, "transformers does not open it:", type(error).__name__, str(error)[:100])
        cases = []
        with torch.inference_mode():
            for ids in sequences(config.vocab_size, 500 + place, LENGTHS):
                logits = model(torch.tensor([ids])).logits
                if own is not None:
                    print(name, "difference from transformers' own reading:", (own(torch.tensor([ids])).logits - logits).abs().max().item())
                if causal:
                    start = max(1, len(ids) // 3)
                    picked = torch.log_softmax(logits[0, :-1], -1).gather(1, torch.tensor(ids)[1:, None])[:, 0].tolist()[start - 1:]
                    cases.append({"id": f"length-{len(ids)}", "template": {"input_ids": ids, "n_prompt_tokens": start, "policy_logps": picked}})
                else:
                    cases.append({"id": f"length-{len(ids)}", "input_ids": ids, "scores": logits[0].tolist(), "read_index": len(ids) - 1})
        golden = {"kind": "causal-lm" if causal else "sequence-classification",
                  "tolerance_advice": {"per_token_atol": 1e-4} if causal else {"atol": 2e-5, "rtol": 1e-5},
                  "versions": {"torch": torch.__version__, "transformers": transformers.__version__}, "cases": cases}
        (folder / "golden.json").write_text(json.dumps(golden))
        print(name, [round(c["scores"][0], 3) if "scores" in c else round(sum(c["template"]["policy_logps"]), 2) for c in cases])


main(Path(sys.argv[1]))
