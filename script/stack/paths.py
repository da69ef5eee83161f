"""Where things lie in the clone."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# The link is resolved, for the clone may lie where the services may not enter; `python` itself
# stays a link, for by its place it knows the environment.
PYTHON = (ROOT / ".venv").resolve() / "bin" / "python"
SAFEEXEC = ROOT / "safeexec" / "safeexec"
POLICIES = ROOT / "config" / "rabbitmq" / "policies.json"
