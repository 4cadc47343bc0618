# /// script
# requires-python = "==3.11.*"
# dependencies = ["trl==1.16.0", "torch==2.15.0", "transformers==5.24.0"]
# ///
"""
Advantages of seeded random batches as TRL 1.16 computes them: the statements of GRPOTrainer._generate_and_score_completions from the mask
of unscorable completions to the advantages, cut out of its source and executed with TRL's own nanstd. In float64 (the default dtype too,
else nanstd takes count / (count - 1) in float32). Batches: one to five groups, one to eight completions, one to three reward functions;
rewards missing here and there or throughout, all equal, of tiny and of huge scale. Writes test/data/groups/trl-advantages.json.gz.
Run by hand in the project's folder: python scripts/oracles/grpo.py
"""
import gzip
import inspect
import json
import math
import random
import textwrap
from pathlib import Path
from types import SimpleNamespace

import torch
import trl
from trl.trainer.grpo_trainer import GRPOTrainer
from trl.trainer.utils import nanstd

torch.set_default_dtype(torch.float64)
OUT = Path("test/data/groups/trl-advantages.json.gz")
FIRST, LAST = "unscorable_mask = ", "advantages = torch.nan_to_num("
lines = inspect.getsource(GRPOTrainer._generate_and_score_completions).splitlines()
first = next(i for i, line in enumerate(lines) if line.strip().startswith(FIRST))
last = next(i for i, line in enumerate(lines) if i > first and line.strip().startswith(LAST))
STATEMENTS = compile(textwrap.dedent("\n".join(lines[first : last + 1])), "grpo_trainer.py", "exec")


def run(rewards, generations, weights, aggregation, scale):
    names = {
        "torch": torch,
        "nanstd": nanstd,
        "device": "cpu",
        "num_generations": generations,
        "rewards_per_func": torch.tensor([[math.nan if r is None else r for r in row] for row in rewards]),
        "self": SimpleNamespace(
            reward_weights=torch.tensor(weights),
            reward_funcs=weights,
            scale_rewards=scale,
            multi_objective_aggregation=aggregation,
        ),
    }
    exec(STATEMENTS, names)
    return {
        "advantages": names["advantages"].tolist(),
        "frac_reward_zero_std": names["is_std_zero"].to(torch.float64).mean().item(),
    }


rng = random.Random(11)
DRAWS = {
    "binary": lambda: float(rng.random() < 0.4),
    "soft": lambda: rng.choice([0.0, 0.1, 0.5, 1.0]),
    "score": lambda: rng.gauss(0.5, 1.5),
    "equal": lambda: 0.7,
    "tiny": lambda: rng.gauss(0.0, 1e-7),
    "near": lambda: 1.0 + rng.gauss(0.0, 1e-6),
    "huge": lambda: rng.gauss(0.0, 1e6),
    "offset": lambda: 1000.0 + rng.gauss(0.0, 1.0),
    "absent": lambda: None,
}
KINDS = list(DRAWS)
cases = []
for number in range(90):
    groups, generations = rng.choice([1, 2, 3, 5]), rng.choice([1, 2, 3, 4, 8])
    functions = rng.choice([1, 2, 3])
    kinds = [KINDS[number % len(KINDS)], *rng.choices(KINDS[:-1], k=functions - 1)]
    missing = rng.choice([0.0, 0.0, 0.2, 0.6])
    rewards = [
        [None if rng.random() < missing else DRAWS[kind]() for kind in kinds] for _ in range(groups * generations)
    ]
    weights = [1.0] * functions if rng.random() < 0.3 else [rng.choice([0.0, 0.25, 0.5, 1.0, 2.0]) for _ in kinds]
    cases.append(
        {
            "id": f"{number}-{'-'.join(kinds)}",
            "num_generations": generations,
            "reward_weights": weights,
            "rewards_per_func": rewards,
            "expected": {
                "sum_then_normalize": {
                    scale: run(rewards, generations, weights, "sum_then_normalize", scale)
                    for scale in ("group", "batch", "none")
                },
                "normalize_then_sum": run(rewards, generations, weights, "normalize_then_sum", "group"),
            },
        }
    )
text = json.dumps(
    {
        "made": "scripts/oracles/grpo.py",
        "versions": {"trl": trl.__version__, "torch": torch.__version__},
        "lines": [f"{FIRST}…", f"{LAST}…"],
        "batches": cases,
    },
    separators=(",", ":"),
)
OUT.write_bytes(gzip.compress(text.encode(), mtime=0))
print(f"{OUT}: {len(cases)} batches, {OUT.stat().st_size} bytes")
