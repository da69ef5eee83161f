"""The JSON Schemas in docs/ are those of the models."""

import json
from pathlib import Path

from executor.contract import json_schemas, write_schemas

COMMITTED = Path(__file__).parents[2] / "docs" / "schemas"


def test_the_committed_schemas_are_current(tmp_path: Path) -> None:
    written = {path.name: path.read_text() for path in write_schemas(tmp_path)}
    committed = {path.name: path.read_text() for path in COMMITTED.glob("*.json")}
    assert committed == written, "run `executor schema` and commit what it writes"


def test_a_schema_forbids_unknown_fields_and_requires_the_contracts() -> None:
    job = json_schemas()["oj.job-1.json"]
    assert job["additionalProperties"] is False
    assert set(job["required"]) == {"schema", "id", "language"}
    assert job["properties"]["schema"]["const"] == "oj.job/1"


def test_schemas_are_plain_json() -> None:
    for schema in json_schemas().values():
        assert json.loads(json.dumps(schema, allow_nan=False)) == schema
