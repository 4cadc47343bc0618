# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.15.0", "transformers==5.24.0", "safetensors"]
# ///
"""A tiny random QRM for Gemma 2, with the tensor names of nicolinho/QRM-Gemma-2-27B.

    python scripts/oracles/qrm-gemma.py test/data/heads

Its class is remote code that transformers 5 cannot import. The head is written here from its description (Dorka 2024, arXiv:2409.10164) and
from the published ports of its class: hidden states are transformers' Gemma2Model, float32, CPU, eager, batch of one.
"""

import gzip
import json
import shutil
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from transformers import Gemma2Config, Gemma2Model, PreTrainedTokenizerFast

torch.set_num_threads(2)
ROOT, SOURCE, NAME = Path(sys.argv[1]), "ldl-gemma2", "qrm-gemma2"
OBJECTIVES, QUANTILES, WIDTH = 5, 7, 12
CONVERSATIONS = [
    ("one-turn", [("user", "Give a SMILES for ethanol."), ("assistant", "CCO")]),
    ("two-turns", [("user", "Hi"), ("assistant", "Hello!"), ("user", "What is C9H8O4?"), ("assistant", "Aspirin, CC(=O)Oc1ccccc1C(=O)O.")]),
    ("unicode", [("user", "Was ist der pKₐ von CH₃COOH?"), ("assistant", "pKₐ ≈ 4,76 🧪")]),
    ("long", [("user", "Explain esterification. " * 6), ("assistant", "An acid and an alcohol give an ester and water. " * 5)]),
    ("empty", [("user", "Say nothing."), ("assistant", "")]),
]


class Gate(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        layers = []
        for i in range(3):
            layers += [nn.Linear(hidden if i == 0 else WIDTH, WIDTH, bias=False), nn.ReLU(), nn.BatchNorm1d(WIDTH)] + ([nn.Dropout(0.2)] if i < 2 else [])
        self.layers = nn.ModuleList([*layers, nn.Linear(WIDTH, OBJECTIVES)])
        self.logit_scale = nn.Parameter(torch.tensor([1.3]))

    def forward(self, x, temperature):
        for layer in self.layers:
            x = layer(x)
        return torch.softmax(x / temperature, -1) * self.logit_scale


def main():
    folder = ROOT / NAME
    folder.mkdir(exist_ok=True)
    for file in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
        shutil.copy(ROOT / SOURCE / file, folder / file)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    torch.manual_seed(40)
    config = Gemma2Config(vocab_size=len(tokenizer), hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
                          num_key_value_heads=2, head_dim=8, max_position_embeddings=512, sliding_window=64, pad_token_id=tokenizer.pad_token_id,
                          bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id, attn_implementation="eager")
    model, gate, regression = Gemma2Model(config).eval(), Gate(32).eval(), nn.Linear(32, OBJECTIVES * QUANTILES, bias=False)
    with torch.no_grad():
        for parameter in [*model.parameters(), *gate.parameters(), *regression.parameters()]:
            if parameter.shape != (1,):
                parameter.copy_(torch.randn_like(parameter) * (0.3 if parameter.dim() > 1 else 0.1) + (parameter.dim() == 1) * 0.5)
        for layer in gate.layers:
            if isinstance(layer, nn.BatchNorm1d):
                layer.running_mean.normal_(0, 0.5)
                layer.running_var.uniform_(0.5, 2.0)
    tensors = {f"model.{key}": x for key, x in model.state_dict().items()} | {f"gating.{key}": x for key, x in gate.state_dict().items()}
    tensors["regression_layer.weight"] = regression.weight.data
    save_file({key: x.contiguous() for key, x in tensors.items()}, folder / "model.safetensors", metadata={"format": "pt"})
    said = config.to_dict() | {"architectures": ["Gemma2ForQuantileSequenceClassification"], "num_objectives": OBJECTIVES, "num_quantiles": QUANTILES}
    (folder / "config.json").write_text(json.dumps({key: value for key, value in said.items() if not key.startswith("_")}, indent=2, default=str))
    turn = tokenizer("<end_of_turn>\n<start_of_turn>model\n", add_special_tokens=False)["input_ids"]
    cases = []
    for name, turns in CONVERSATIONS:
        messages = [{"role": role, "content": text} for role, text in turns]
        text = tokenizer.apply_chat_template(messages, tokenize=False)
        ids = tokenizer(text)["input_ids"]
        double = ids[:2] == [tokenizer.bos_token_id] * 2
        mask = [0 if double and i == 0 else 1 for i in range(len(ids))]
        at = max(i for i in range(len(ids)) if ids[i:i + len(turn)] == turn)
        with torch.no_grad():
            hidden = model(torch.tensor([ids]), attention_mask=torch.tensor([mask])).last_hidden_state[0]
            rewards = regression(hidden[-1]).reshape(OBJECTIVES, QUANTILES).mean(1)
            gates = gate(hidden[at][None], 1.0)[0]
        cases.append({"id": name, "messages": messages, "input_ids": ids, "attention_mask": mask, "truncation": None, "double_bos": double,
                      "scores": [(gates * rewards).sum().item()], "read_index": len(ids) - 1, "gating_index": at,
                      "objective_rewards": rewards.tolist(), "gating_output": gates.tolist()})
    golden = {"head": "qrm-direct", "double_bos_rule": "mask", "tolerance_advice": {"atol": 2e-5, "rtol": 1e-5}, "cases": cases}
    with open(folder / "golden.json.gz", "wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as out:
        out.write(json.dumps(golden, ensure_ascii=False).encode())
    print([round(case["scores"][0], 4) for case in cases], [case["double_bos"] for case in cases], [case["gating_index"] for case in cases])


main()
