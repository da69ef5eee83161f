"""JSON Schemas of the messages, generated from their models."""

import json
from pathlib import Path
from typing import Any

from executor.contract.event import Event
from executor.contract.execute import Execute
from executor.contract.job import Job
from executor.contract.legacy import LegacyResult
from executor.contract.model import Model
from executor.contract.result import Result

_MESSAGES: dict[str, type[Model]] = {
    "oj.job/1": Job,
    "oj.result/1": Result,
    "oj.event/1": Event,
    "tasks.execute": Execute,
    "tasks.execute.result": LegacyResult,
}


def json_schemas() -> dict[str, dict[str, Any]]:
    """The schema (draft 2020-12) of each message, by its file's name."""
    return {f"{_dashed(name)}.json": _schema(name, model) for name, model in _MESSAGES.items()}


def write_schemas(folder: Path) -> list[Path]:
    """Writes each schema into `folder`, which is made if need be; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, schema in json_schemas().items():
        path = folder / name
        path.write_text(json.dumps(schema, indent=2) + "\n", encoding="utf-8")
        paths.append(path)
    return paths


def _dashed(name: str) -> str:
    return name.replace("/", "-")


def _schema(name: str, model: type[Model]) -> dict[str, Any]:
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:{name.replace('.', ':').replace('/', ':')}",
        "title": name,
    }
    return head | {k: v for k, v in model.model_json_schema().items() if k != "title"}
