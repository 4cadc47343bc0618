# /// script
# requires-python = ">=3.11"
# dependencies = ["ether0 @ git+https://github.com/Future-House/ether0", "httpx", "tenacity"]
# ///
"""Asks a running serve-rewards through Python's own ether0.clients, and compares with the goldens in test/data/oracles.

    ETHER0_REMOTES_API_TOKEN=secret npx serve-rewards --port 8000 &
    ETHER0_REMOTES_API_TOKEN=secret ETHER0_REMOTES_API_BASE_URL=http://127.0.0.1:8000 python scripts/oracles/clients.py

ether0 is not on PyPI; of it only ether0.clients (httpx and tenacity) is imported. Exit code 1 where an answer differs.
"""

import json
import sys
from pathlib import Path

import ether0.clients as clients

DATA = Path(__file__).parents[2] / "test/data/oracles"
TOLERANCE = 1e-4


def rows(name: str) -> list[dict]:
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


def main() -> int:
    wrong = []

    def check(what: str, right: bool, got: object) -> None:
        if not right:
            wrong.append(f"{what}: {got}")

    single = [row for row in rows("solubility.jsonl") if "." not in row["smiles"]]
    worst = 0.0
    for row in single:
        got = clients.fetch_solubility(row["smiles"])
        if row["value"] is None:
            check(row["smiles"], "Solubility prediction failed." in got.get("error", ""), got)
        elif "solubility" in got:
            difference = abs(got["solubility"] - row["value"]["mean"])
            worst = max(worst, difference)
            check(row["smiles"], difference < TOLERANCE, got)
        else:
            check(row["smiles"], False, got)
    print(f"fetch_solubility: {len(single)} molecules, largest difference from Keras {worst:.1e}")
    mixture = clients.fetch_solubility("[Na+].[Cl-]")
    check("a mixture", mixture["error"].startswith("API error: <Response [400 Bad Request]>"), mixture)

    answers = {row["smiles"]: row["value"]["value"] for row in rows("purchasable.jsonl")}
    got = clients.fetch_purchasable(list(answers))
    check("fetch_purchasable (list)", got == answers, {s: got.get(s) for s in answers if got.get(s) != answers[s]})
    for smiles in list(answers)[:5]:
        got = clients.fetch_purchasable(smiles)
        check(f"fetch_purchasable {smiles}", got == {smiles: answers[smiles]}, got)
    print(f"fetch_purchasable: {len(answers)} molecules, {sum(answers.values())} purchasable")

    before = clients.SERVER_ERRORS_COUNTER["fetch_forward_rxn"]
    got = clients.fetch_forward_rxn("CC(=O)O.CCO>>")
    attempts = clients.SERVER_ERRORS_COUNTER["fetch_forward_rxn"] - before
    check("fetch_forward_rxn without a model", "501 Not Implemented" in got.get("error", "") and attempts == 1, got)
    print(f"fetch_forward_rxn: {got['error']} ({attempts} attempt)")
    for reaction, status in (("CCO>CC", 400), ("nonsense>>", 400)):
        got = clients.fetch_forward_rxn(reaction)
        check(f"fetch_forward_rxn {reaction}", f"[{status} " in got.get("error", ""), got)
        print(f"fetch_forward_rxn {reaction}: {got['error']}")

    clients.HEADERS["Authorization"] = "Bearer wrong"
    got = clients.fetch_solubility("CCO")
    check("a wrong token", "[401 Unauthorized]" in got.get("error", ""), got)
    print(f"with a wrong token: {got}")

    for line in wrong:
        print(f"WRONG {line}", file=sys.stderr)
    print("all answers right" if not wrong else f"{len(wrong)} answers wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
