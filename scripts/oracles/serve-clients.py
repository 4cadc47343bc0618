# /// script
# requires-python = ">=3.11,<3.12"
# dependencies = [
#   "trl==1.16.0", "transformers==5.24.0", "torch==2.15.0", "datasets", "ray==2.60.0", "tensordict==0.15.3",
#   "omegaconf==2.3.1", "hydra-core==1.3.8", "codetiming==1.4.0", "peft", "aiohttp==3.14.2", "requests==2.34.2",
#   "pydantic==2.14.4", "prometheus_client==0.26.0",
# ]
# ///
"""Asks a running serve-rewards with the trainers' own client code, and keeps what went over the wire in test/data/serve/clients.jsonl.

    npm run build && python scripts/oracles/serve-clients.py

It starts the compiled server with the demo reward model and a store, and goes through a proxy that writes down requests and answers:

- TRL: GRPOTrainer with the demo policy, three steps, and the reward function of docs/serving.md, as it stands there;
- OpenRLHF (wheel, --no-deps): SingleTurnAgentExecutor(remote_rm_url=…).execute, the address with the token as password;
- verl (wheel, --no-deps): RewardLoopWorker.compute_score (its client of a discriminative model), NaiveRewardManager with the function of docs/serving.md;
- vLLM, SGLang (wheels, --no-deps): their pydantic classes, taken from their source, read our answers; each field of their requests that
  has a default is sent with it;
- prometheus_client's OpenMetrics parser reads /metrics;

then runs `analyze` over the store. Exit code 1 where anything differs. `--wheels DIR` takes wheels that lie there already; `--only trl|openrlhf|verl|vllm|sglang`
asks with one of them and writes nothing.
"""

import ast
import asyncio
import functools
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import types
import typing
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import requests

ROOT = Path(__file__).parents[2]
DATA = ROOT / "test/data/serve"
DEMO = ROOT / "src/embedded/demo"
PINS = {"openrlhf": "0.11.2", "verl": "0.9.1", "vllm": "0.33.0", "sglang": "0.5.23"}
TOKEN = "a-token-of-the-oracle"
SOLUTION = "str_eval!:!C1CCCCC1O!:!property"
PROMPT = "What is the SMILES of cyclohexanol?"
RIGHT = "<|think_start|>A ring.<|think_end|><|answer_start|>C1CCCCC1O<|answer_end|>"
WRONG = "<|think_start|>A ring.<|think_end|><|answer_start|>CCCCO<|answer_end|>"
PLAIN = "I do not know."

wrong: list[str] = []


def check(what: str, right: bool, got: object = None) -> None:
    if not right:
        wrong.append(f"{what}: {got!r}")
    print(f"{'ok  ' if right else 'BAD '} {what}{'' if right else f': {got!r}'}", flush=True)


# --- server, proxy, packages -----------------------------------------------------------------------------------------------------------------


def start_server(folder: Path, *args: str, token: str | None = None) -> tuple[subprocess.Popen, str]:
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), **({"ETHER0_REMOTES_API_TOKEN": token} if token else {})}
    command = ["node", ROOT / "dist/scripts/serve-rewards.js", "--port", "0", "--model", DEMO / "demo-reward-model", "--device", "cpu", *args]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=(folder / "server.log").open("a"), text=True, env=env)
    url = child.stdout.readline().strip()
    assert url.startswith("http"), (folder / "server.log").read_text()
    return child, url


class Proxy:
    """Hands requests on and writes them down, under the name of the client that is asking."""

    def __init__(self, upstream: str) -> None:
        self.kept: list[dict] = []
        self.client = ""
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                names = ("Content-Type", "Authorization", "Accept", "User-Agent")
                headers = {name: self.headers[name] for name in names if self.headers[name]}
                answer = requests.post(upstream + self.path, data=body, headers=headers, timeout=300)
                proxy.kept.append({
                    "client": proxy.client, "path": self.path, "headers": headers, "body": body.decode(),
                    "status": answer.status_code, "answer": answer.json(),
                })  # fmt: skip
                self.send_response(answer.status_code)
                self.send_header("Content-Type", answer.headers["Content-Type"])
                self.send_header("Content-Length", str(len(answer.content)))
                self.end_headers()
                self.wfile.write(answer.content)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.port = self.http.server_address[1]


def wheel(name: str, folder: Path) -> zipfile.ZipFile:
    def found() -> list[Path]:
        return sorted(folder.glob(f"{name}-{PINS[name]}-*.whl"))

    if not found():
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, f"{name}=={PINS[name]}"]
        subprocess.run(pip, check=True)
    return zipfile.ZipFile(found()[0])


def source_of(package: zipfile.ZipFile, path: str) -> str:
    (name,) = [name for name in package.namelist() if name.endswith(path)]
    return package.read(name).decode()


def classes_of(source: str, names: list[str], namespace: dict) -> None:
    """Defines classes and aliases of a module by its own source, without what else the module imports."""
    for node in ast.parse(source).body:
        target = getattr(node, "name", None) or (node.targets[0].id if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) else None)
        if target in names:
            # of a class with methods that need the package only the fields
            if isinstance(node, ast.ClassDef):
                node.body = [part for part in node.body if isinstance(part, (ast.AnnAssign, ast.Assign)) or not isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef))] or [ast.Pass()]
            exec(compile(ast.Module([node], []), "<source>", "exec"), namespace)


class Reference:
    """transformers' own score of a text."""

    def __init__(self) -> None:
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        self.tokenizer = AutoTokenizer.from_pretrained(DEMO / "demo-reward-model")
        self.model = AutoModelForSequenceClassification.from_pretrained(DEMO / "demo-reward-model", dtype="float32").eval()

    def score(self, text: str, special: bool) -> float:
        import torch

        with torch.inference_mode():
            return self.model(**self.tokenizer(text, return_tensors="pt", add_special_tokens=special)).logits[0, 0].item()

    def conversation(self, prompt: str, completion: str) -> float:
        turns = [{"role": "user", "content": prompt}, {"role": "assistant", "content": completion}]
        return self.score(self.tokenizer.apply_chat_template(turns, tokenize=False), False)


def near(a: float, b: float) -> bool:
    return abs(a - b) < 1e-4


def snippet(name: str, address: str) -> str:
    """A program of docs/serving.md, by its first line, with the address of this server."""
    for block in re.findall(r"```python\n(.*?)```", (ROOT / "docs/serving.md").read_text(), re.S):
        if block.startswith(f"# {name}\n"):
            return block.replace("http://127.0.0.1:8000", address)
    raise SystemExit(f"docs/serving.md has no {name}")


def module_of(path: Path) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


# --- the clients -------------------------------------------------------------------------------------------------------------------------------


def trl(proxy: Proxy, folder: Path) -> None:
    proxy.client = "trl 1.16.0 GRPOTrainer"
    address = f"http://127.0.0.1:{proxy.port}"
    for name in ("trl_reward.py", "train_grpo.py"):
        (folder / name).write_text(snippet(name, address).replace("src/embedded", str(ROOT / "src/embedded")))
    run = subprocess.run([sys.executable, "train_grpo.py"], cwd=folder, capture_output=True, text=True)
    check("TRL: GRPOTrainer trains", run.returncode == 0, run.stderr[-2000:])
    rewards = re.findall(r"'rewards/chemistry_reward/mean': '?([-\d.]+)", run.stdout)
    print("     mean rewards by step:", ", ".join(rewards))
    mine = [kept for kept in proxy.kept if kept["client"] == proxy.client]
    rows = [row for kept in mine for row in json.loads(kept["body"])]
    check("TRL: three steps, each prompt once with its four completions", [len(row["completions"]) for row in rows] == [4, 4, 4], len(rows))
    told = [one for kept in mine for row in kept["answer"] for one in row["completions"]]
    check("TRL: the answer tags, special tokens of the policy, arrive", sum(one["format"] for one in told) >= 4, [one["format"] for one in told])
    check("TRL: the step is told", [row["step"] for row in rows] == [0, 1, 2], [row.get("step") for row in rows])
    for kept, mean in zip(mine, rewards):
        learned = [one["reward"] for row in kept["answer"] for one in row["completions"]]
        check("TRL: its mean is that of our rewards", abs(sum(learned) / len(learned) - float(mean)) < 2e-3, (learned, mean))


def openrlhf(proxy: Proxy, folder: Path, wheels: Path, reference: Reference) -> None:
    proxy.client = f"openrlhf {PINS['openrlhf']} SingleTurnAgentExecutor"
    package = wheel("openrlhf", wheels)
    package.extractall(folder / "openrlhf-wheel")
    (root,) = {path.parent for path in (folder / "openrlhf-wheel").rglob("openrlhf") if (path / "utils/agent.py").exists()}
    # its __init__ files import deepspeed and vllm: the packages without them
    for name in ("openrlhf", "openrlhf.utils"):
        bare = types.ModuleType(name)
        bare.__path__ = [str(root / name.replace(".", "/"))]
        sys.modules[name] = bare
    from openrlhf.utils.agent import SingleTurnAgentExecutor
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(DEMO / "demo-reward-model")
    rendered = tokenizer.apply_chat_template([{"role": "user", "content": PROMPT}], tokenize=False, add_generation_prompt=True)

    def executed(completion: str, label: str) -> dict:
        # the engine gives what a policy would have sampled
        class Engine:
            async def generate(self, ids, params, multi_modal_data=None):
                tokens = tokenizer(completion, add_special_tokens=False)["input_ids"] + [tokenizer.eos_token_id]
                output = types.SimpleNamespace(token_ids=tokens, text=completion, finish_reason="stop", logprobs=None)
                return types.SimpleNamespace(outputs=[output])

        params = types.SimpleNamespace(max_tokens=128, logprobs=None)
        executor = SingleTurnAgentExecutor(remote_rm_url=f"http://x:{TOKEN}@127.0.0.1:{proxy.port}/get_reward")
        return asyncio.run(executor.execute(rendered, label, params, 512, tokenizer, Engine()))

    import torch

    for completion, label in ((RIGHT, SOLUTION), (WRONG, SOLUTION), (PLAIN, "")):
        got = executed(completion, label)
        kept = proxy.kept[-1]
        check(f"OpenRLHF: a reward for {completion[-30:]!r}", kept["status"] == 200 and got["reward"] == kept["answer"]["rewards"], got["reward"])
        check("OpenRLHF: it is what transformers says of the query", near(got["reward"][0], reference.score(json.loads(kept["body"])["query"][0], False)), got["reward"])
        # as its trainer does with rewards, scores and every list of extra_logs
        tensors = [torch.tensor(values, dtype=torch.float) for values in (got["reward"], got["scores"], *got["extra_logs"].values())]
        check("OpenRLHF: every list is a finite tensor of one", all(t.shape == (1,) and t.isfinite().all() for t in tensors), tensors)
    verdicts = [kept["answer"]["extra_logs"]["verifiable"][0] for kept in proxy.kept if kept["client"] == proxy.client]
    known = [kept["answer"]["extra_logs"]["verifiable_known"][0] for kept in proxy.kept if kept["client"] == proxy.client]
    check("OpenRLHF: right, wrong, and without a verdict", (verdicts[:2], known) == ([1, 0], [1, 1, 0]), (verdicts, known))


def verl(proxy: Proxy, folder: Path, wheels: Path, reference: Reference) -> None:
    wheel("verl", wheels).extractall(folder / "verl-wheel")
    sys.path.insert(0, str(folder / "verl-wheel"))
    import numpy as np
    import torch
    from omegaconf import OmegaConf
    from tensordict import TensorDict
    from transformers import AutoTokenizer
    from verl import DataProto
    from verl.experimental.reward_loop.reward_loop import RewardLoopWorker
    from verl.experimental.reward_loop.reward_manager.naive import NaiveRewardManager

    tokenizer = AutoTokenizer.from_pretrained(DEMO / "demo-reward-model")

    def data_of(completion: str) -> DataProto:
        responses = tokenizer(completion, add_special_tokens=False, return_tensors="pt")["input_ids"]
        item = {
            "raw_prompt": [{"role": "user", "content": PROMPT}],
            "data_source": "chemistry",
            "reward_model": {"ground_truth": SOLUTION},
            "extra_info": {"question": PROMPT},
        }
        columns = {}
        for name, value in item.items():
            columns[name] = np.empty(1, dtype=object)
            columns[name][0] = value
        batch = TensorDict({"responses": responses, "attention_mask": torch.ones_like(responses)}, batch_size=[1])
        return DataProto(batch=batch, non_tensor_batch=columns)

    model = {"enable": True, "model_path": "demo-reward-model", "rollout": {"name": "vllm"}}
    worker = RewardLoopWorker.__new__(RewardLoopWorker)
    worker.config = OmegaConf.create({"reward": {"custom_reward_function": {"path": None}, "reward_model": model}})
    worker.reward_router_address = f"127.0.0.1:{proxy.port}"
    worker.input_tokenizer = worker.reward_model_tokenizer = tokenizer
    proxy.client = "verl 0.9.1 RewardLoopWorker"
    for completion in (RIGHT, PLAIN):
        got = asyncio.run(worker.compute_score(data_of(completion)))["reward_score"]
        text = json.loads(proxy.kept[-1]["body"])["input"]
        check(f"verl: /classify gives what transformers says of {text[-40:]!r}", near(got, reference.score(text, True)), got)
        # it takes the BOS away for tokenizers that add one; the demo's does not: with verl, the model then never sees it
        check("verl: known difference, its text has lost the BOS", not text.startswith("<s>") and not near(got, reference.conversation(PROMPT, completion)), text[:40])

    proxy.client = "verl 0.9.1 NaiveRewardManager"
    (folder / "verl_reward.py").write_text(snippet("verl_reward.py", f"http://127.0.0.1:{proxy.port}"))
    compute_score = module_of(folder / "verl_reward.py").compute_score
    # the same tokenizer, with ether0's tags as plain tokens: most models have them as text
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja"):
        text = (DEMO / "demo-reward-model" / name).read_text()
        if name.startswith("tokenizer"):
            known = json.loads(text)
            tokens = known["added_tokens"] if name == "tokenizer.json" else known["added_tokens_decoder"].values()
            for token in tokens:
                token["special"] = token["special"] and not re.search("think|answer", token["content"])
            text = json.dumps(known)
        (folder / "plain-tags").mkdir(exist_ok=True)
        (folder / "plain-tags" / name).write_text(text)
    plain_tags = AutoTokenizer.from_pretrained(folder / "plain-tags")

    async def single(completion: str, decoder: object) -> dict:
        manager = NaiveRewardManager.__new__(NaiveRewardManager)
        manager.tokenizer, manager.compute_score, manager.is_async_reward_score = decoder, compute_score, True
        manager.reward_router_address, manager.loop = None, asyncio.get_running_loop()
        return await manager.run_single(data_of(completion))

    for completion, verdict in ((RIGHT, 1), (WRONG, 0)):
        got = asyncio.run(single(completion, plain_tags))
        extra = got["reward_extra_info"]
        right = extra["verifiable"] == verdict and got["reward_score"] == extra["learned"]
        check("verl: a reward function", right and near(extra["learned"], reference.conversation(PROMPT, completion)), got)
    lost = asyncio.run(single(RIGHT, tokenizer))["reward_extra_info"]
    (told,) = json.loads(proxy.kept[-1]["body"])["completions"]
    check("verl: known difference, tags that are special tokens are not handed on", (told, lost["verifiable"]) == ("A ring.C1CCCCC1O", 0), (told, lost))


def vllm(proxy: Proxy, wheels: Path, reference: Reference) -> None:
    import pydantic

    package = wheel("vllm", wheels)
    names = {"Any": typing.Any, "Annotated": typing.Annotated, "Literal": typing.Literal, "TypeAlias": typing.TypeAlias, "ClassVar": typing.ClassVar}
    space = {**names, **{name: getattr(pydantic, name) for name in ("BaseModel", "Field", "ConfigDict")}, "time": time, "random_uuid": lambda: "0"}
    classes_of(source_of(package, "entrypoints/serve/engine/protocol.py"), ["OpenAIBaseModel", "PromptTokenUsageInfo", "CompletionTokenUsageInfo", "UsageInfo"], space)
    classes_of(source_of(package, "pooling/classify/protocol.py"), ["ClassificationData", "ClassificationResponse"], space)
    base = source_of(package, "pooling/base/protocol.py")
    classes_of(base, ["PoolingBasicRequestMixin", "CompletionRequestMixin", "ClassifyRequestMixin"], space)
    fields: dict[str, object] = {}
    for name in ("PoolingBasicRequestMixin", "CompletionRequestMixin", "ClassifyRequestMixin"):
        for field, info in space[name].model_fields.items():
            if not info.is_required():
                default = info.get_default(call_default_factory=True)
                if default is None or isinstance(default, (str, int, float, bool)):
                    fields[field] = default
    proxy.client = f"vllm {PINS['vllm']} ClassificationResponse"
    texts = [RIGHT, PLAIN]
    answers = {}
    for more in ({}, {"use_activation": False}, fields):
        body = {**more, "model": "demo-reward-model", "input": texts}
        answer = requests.post(f"http://127.0.0.1:{proxy.port}/classify", json=body, timeout=60)
        check(f"vLLM: a request with {sorted(more) or 'no more'} is answered", answer.status_code == 200, answer.text[:300])
        if answer.status_code != 200:
            continue
        got = space["ClassificationResponse"].model_validate(answer.json(), strict=True)
        check("vLLM: its class reads the answer", [d.index for d in got.data] == [0, 1] and all(len(d.probs) == d.num_classes == 1 for d in got.data), got)
        answers[more.get("use_activation", "absent")] = [d.probs[0] for d in got.data]
    import math

    check("vLLM: raw is what transformers says", all(near(a, reference.score(text, True)) for a, text in zip(answers[False], texts)), answers)
    sigmoid = [1 / (1 + math.exp(-raw)) for raw in answers[False]]
    check("vLLM: activated is the sigmoid of raw", all(abs(a - b) < 1e-6 for a, b in zip(answers["absent"], sigmoid)), answers)
    print("     fields of its requests:", ", ".join(sorted(fields)))


def sglang(proxy: Proxy, wheels: Path) -> None:
    import pydantic

    package = wheel("sglang", wheels)
    source = source_of(package, "srt/entrypoints/openai/protocol.py")
    names = {name: getattr(typing, name) for name in ("Any", "Dict", "List", "Optional", "Union", "Literal", "TypeAlias")}
    space = {**names, **{name: getattr(pydantic, name) for name in ("BaseModel", "Field", "ConfigDict")}}
    classes_of(source, ["DEFAULT_MODEL_NAME", "PromptTokensDetails", "PromptTokenUsageInfo", "CompletionTokensDetails", "UsageInfo", "ClassifyInput", "ClassifyRequest", "ClassifyData", "ClassifyResponse"], space)
    space.setdefault("ClassifyInput", typing.Union[str, list[str], list[int]])
    space["ClassifyRequest"].model_rebuild(_types_namespace=space)
    space["ClassifyResponse"].model_rebuild(_types_namespace=space)
    proxy.client = f"sglang {PINS['sglang']} ClassifyResponse"
    body = space["ClassifyRequest"](input=[RIGHT, PLAIN]).model_dump()
    answer = requests.post(f"http://127.0.0.1:{proxy.port}/v1/classify", json=body, timeout=60)
    check(f"SGLang: a request with {sorted(body)} is answered", answer.status_code == 200, answer.text[:300])
    if answer.status_code == 200:
        got = space["ClassifyResponse"].model_validate(answer.json())
        check("SGLang: its class reads the answer", [d.index for d in got.data] == [0, 1] and all(len(d.probs) == d.num_classes for d in got.data), got)


def openmetrics(url: str) -> None:
    from prometheus_client.openmetrics.parser import text_string_to_metric_families

    answer = requests.get(f"{url}/metrics", auth=("x", TOKEN), timeout=30)
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    check("OpenMetrics: prometheus_client's strict parser reads it", "chemherm_requests" in families, sorted(families))
    pairs = {sample.labels["outcome"]: sample.value for sample in families["chemherm_agreement"].samples}
    check("OpenMetrics: pairs of the GRPO groups are counted", sum(pairs.values()) == 3 * 6, pairs)
    print("     agreement:", pairs, f"; {len(families)} families")


def analyzed(store: Path, proxy: Proxy) -> None:
    env = {"PATH": os.environ["PATH"], "HOME": str(store)}
    command = ["node", ROOT / "dist/scripts/analyze.js", "--output-dir", store]
    run = subprocess.run(command, capture_output=True, text=True, env=env)
    check("analyze reads the store", run.returncode == 0, run.stderr[-2000:])
    files = sorted(path.name for path in (store / "analysis").rglob("*") if path.is_file())
    check("analyze writes a leaderboard and the agreement", {"group-leaderboard.csv", "agreement.csv"} <= set(files), files)
    scores = (store / "demo-reward-model/served/scores.csv").read_text().splitlines()
    told = sum(len(row["completions"]) for kept in proxy.kept if kept["client"].startswith("trl") for row in kept["answer"])
    check("the store has every completion of the training run", sum(",/rewards," in line for line in scores) >= told, (len(scores), told))


def main() -> int:
    wheels = Path(sys.argv[sys.argv.index("--wheels") + 1]) if "--wheels" in sys.argv else Path(tempfile.mkdtemp())
    only = sys.argv[sys.argv.index("--only") + 1] if "--only" in sys.argv else None
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        store = folder / "results"
        child, url = start_server(folder, "--store", str(store), token=TOKEN)
        # the programs of the page have no token: the proxy's own requests bring it
        proxy = Proxy(url)
        session = requests.post

        def with_token(address: str, *args: object, headers: dict | None = None, **more: object) -> requests.Response:
            if address.startswith(url) and "Authorization" not in (headers or {}):
                headers = {**(headers or {}), "Authorization": f"Bearer {TOKEN}"}
            return session(address, *args, headers=headers, **more)

        requests.post = with_token
        reference = functools.cache(Reference)
        clients = {
            "trl": lambda: (trl(proxy, folder), openmetrics(url)),
            "openrlhf": lambda: openrlhf(proxy, folder, wheels, reference()),
            "verl": lambda: verl(proxy, folder, wheels, reference()),
            "vllm": lambda: vllm(proxy, wheels, reference()),
            "sglang": lambda: sglang(proxy, wheels),
        }
        for name, ask in clients.items():
            if only in (None, name):
                ask()
        child.terminate()
        check("the server stops with 0", child.wait(20) == 0, child.returncode)
        if only is None:
            analyzed(store, proxy)
    if wrong:
        print(f"\n{len(wrong)} differ:", *wrong, sep="\n- ")
        return 1
    if only is not None:
        return 0
    DATA.mkdir(parents=True, exist_ok=True)
    with (DATA / "clients.jsonl").open("w") as file:
        for kept in proxy.kept:
            file.write(json.dumps(kept, ensure_ascii=False) + "\n")
    print(f"{len(proxy.kept)} exchanges in {DATA / 'clients.jsonl'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
