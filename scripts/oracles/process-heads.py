# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.15.0", "transformers==5.23.0", "safetensors"]
# ///
"""Tiny random …ForTokenClassification checkpoints: process reward models as TRL trains them, and verl's reward model.

    python scripts/oracles/process-heads.py test/data/heads

Writes trl-prm-qwen2 (a tokenizer without BOS), trl-prm-llama (with one), verl-rm, math-shepherd and rlhflow-prm (causal models), each with the tokenizer of another folder there.
Token ids are made as TRL's PRMTrainer.tokenize_row makes them: `[bos] + ids(prompt)`, then for each step `ids(step) + ids(separator)`, all
without special tokens; a step is read at the last id of its separator. Logits are transformers', float32, CPU, eager, batch of one.
verl reads the only label of the last attended token, of ids with special tokens.
"""

import gzip
import json
import shutil
import sys
from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForTokenClassification, PreTrainedTokenizerFast

torch.set_num_threads(2)
ROOT = Path(sys.argv[1])
SHAPE = dict(hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
             max_position_embeddings=512, tie_word_embeddings=False)

PROMPT = "What is a plausible SMILES for C9H8O4?\n"
STEPS = [
    ("three-steps", PROMPT, ["The ring gives DBE 6.", "Acetylation adds C2H2O.", "So it is CC(=O)Oc1ccccc1C(=O)O."]),
    ("one-step", PROMPT, ["CC(=O)Oc1ccccc1C(=O)O"]),
    ("prompt-with-separator", "Step by step:\nWhat is CCO?\n", ["An alcohol.", "Ethanol."]),
    ("blanks", PROMPT, ["  First, write the formula. ", "\tThen  the ring."]),
    ("unicode", "Was ist der pKₐ von CH₃COOH? ", ["Kₐ = 1,75·10⁻⁵.", "pKₐ ≈ 4,76 🧪."]),
    ("many", PROMPT, [f"Step {i}." for i in range(12)]),
    ("long", PROMPT, ["Aspirin is made from salicylic acid and acetic anhydride. " * 3, "Done."]),
]


def tokenize_row(tokenizer, prompt, steps, separator):
    ids = lambda text: tokenizer(text, add_special_tokens=False)["input_ids"]
    start = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
    input_ids, positions = start + ids(prompt), []
    for step in steps:
        input_ids += ids(step) + ids(separator)
        positions.append(len(input_ids) - 1)
    return input_ids, positions


def make(name, model_type, source, labels, seed):
    folder = ROOT / name
    folder.mkdir(exist_ok=True)
    for file in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
        shutil.copy(ROOT / source / file, folder / file)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    torch.manual_seed(seed)
    kind = AutoModelForCausalLM if labels is None else AutoModelForTokenClassification
    config = AutoConfig.for_model(model_type, vocab_size=len(tokenizer), pad_token_id=tokenizer.pad_token_id,
                                  bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id, **SHAPE,
                                  **({} if labels is None else {"num_labels": labels}))
    model = kind.from_config(config, dtype=torch.float32, attn_implementation="eager").eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn_like(parameter) * (0.3 if parameter.dim() > 1 else 0.1) + (parameter.dim() == 1))
    model.save_pretrained(folder)
    model = kind.from_pretrained(folder, attn_implementation="eager").eval()
    return folder, tokenizer, model


def logits_of(model, ids):
    with torch.no_grad():
        return model(torch.tensor([ids])).logits[0]


def write(folder, **golden):
    golden = {"head": "token-classification", "chat_template": "raw", "tolerance_advice": {"atol": 2e-5, "rtol": 1e-5}, **golden}
    with open(folder / "golden.json.gz", "wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as out:
        out.write(json.dumps(golden, ensure_ascii=False).encode())


def messages(prompt, completion):
    return [{"role": "user", "content": prompt}, {"role": "assistant", "content": completion}]


def process(name, model_type, source, separator, seed):
    folder, tokenizer, model = make(name, model_type, source, 2, seed)
    cases = []
    for case, prompt, steps in STEPS:
        ids, positions = tokenize_row(tokenizer, prompt, steps, separator)
        logits = logits_of(model, ids)[positions]
        cases.append({"id": case, "messages": messages(prompt, "".join(step + separator for step in steps)), "input_ids": ids,
                      "attention_mask": [1] * len(ids), "truncation": None, "double_bos": False,
                      "scores": torch.softmax(logits, -1)[:, 1].tolist(), "step_positions": positions})
    write(folder, double_bos_rule="none", read_rule="last id of the separator behind each step", separator=separator, cases=cases)


def outcome(name, model_type, source, seed):
    folder, tokenizer, model = make(name, model_type, source, 1, seed)
    cases = []
    for case, prompt, steps in STEPS:
        completion = "\n".join(steps)
        ids = tokenizer(prompt + completion)["input_ids"]
        cases.append({"id": case, "messages": messages(prompt, completion), "input_ids": ids, "attention_mask": [1] * len(ids),
                      "truncation": None, "double_bos": False, "scores": logits_of(model, ids)[-1].tolist(), "read_index": len(ids) - 1})
    write(folder, double_bos_rule="none", read_rule="last attended token", cases=cases)


def causal(name, model_type, source, mark, right, wrong, seed):
    """Math-Shepherd's README: at every mark, softmax over the logits of the two words, the first."""
    folder, tokenizer, model = make(name, model_type, source, None, seed)
    encode = lambda text: tokenizer(text, add_special_tokens=False)["input_ids"]
    mark_id, (right_id, wrong_id) = encode(mark)[-1], encode(f"{right} {wrong}")
    cases = []
    for case, prompt, steps in STEPS:
        completion = "".join(f"{step} {mark}\n" for step in steps)
        ids = tokenizer(prompt + completion)["input_ids"]
        positions = [place for place, one in enumerate(ids) if one == mark_id]
        scores = torch.softmax(logits_of(model, ids)[positions][:, [right_id, wrong_id]], -1)[:, 0]
        cases.append({"id": case, "messages": messages(prompt, completion), "input_ids": ids, "attention_mask": [1] * len(ids),
                      "truncation": None, "double_bos": False, "scores": scores.tolist(), "step_positions": positions})
    write(folder, head="step-tokens", step_tokens=f"{mark} {right} {wrong}", double_bos_rule="none", read_rule="every mark", cases=cases)


def turns(name, model_type, source, seed):
    """RLHFlow's math-rm/prm_evaluate.py, select_sample: for every step a conversation of its own, read at the third token from its end."""
    folder, tokenizer, model = make(name, model_type, source, None, seed)
    candidates = [tokenizer.encode("+")[-1], tokenizer.encode("-")[-1]]
    cases = []
    for case, prompt, steps in STEPS + [("signs", "Which ion is [Na+]? ", ["It has a charge of +1: + and not -.", "[Na+] + [Cl-]", "+"])]:
        conversation, scores, positions = [], [], []
        for k, step in enumerate(step.strip() for step in steps):
            conversation.append({"content": prompt + " " + step if k == 0 else step, "role": "user"})
            conversation.append({"content": "+", "role": "assistant"})
            ids = tokenizer.apply_chat_template(conversation, tokenize=True, return_dict=False)
            scores.append(torch.softmax(logits_of(model, ids)[-3, candidates], -1)[0].item())
            positions.append(len(ids) - 3)
        cases.append({"id": case, "messages": messages(prompt, "\n\n".join(steps)), "input_ids": ids, "attention_mask": [1] * len(ids),
                      "truncation": None, "double_bos": False, "scores": scores, "step_positions": positions})
    write(folder, head="step-tokens", chat_template="tokenizer", step_tokens="turns + -", double_bos_rule="none",
          read_rule="in front of every answer", cases=cases)


process("trl-prm-qwen2", "qwen2", "qwen2-prm", "\n", 1)
process("trl-prm-llama", "llama", "reft-llama", "\n", 2)
outcome("verl-rm", "llama", "reft-llama", 3)
causal("math-shepherd", "llama", "reft-llama", "+", "the", "of", 4)  # single tokens of that tokenizer
turns("rlhflow-prm", "llama", "armorm", 5)
