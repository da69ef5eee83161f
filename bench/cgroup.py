"""What a cgroup holds."""

from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")


def memory_bytes(pid: int) -> int:
    """All that is charged to a process's group, without the page cache: that of files, for what
    lies in a tmpfs stays. The kernel's own memory for the group is in it."""
    listed = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    groups = {each.split(":")[1]: each.split(":", 2)[2].lstrip("/") for each in listed}
    if "memory" in groups:
        folder, used, cached, shared = (
            _ROOT / "memory" / groups["memory"],
            "memory.usage_in_bytes",
            "total_cache",
            "total_shmem",
        )
    else:
        folder, used, cached, shared = _ROOT / groups[""], "memory.current", "file", "shmem"
    stat = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
    return int((folder / used).read_text()) - int(stat[cached]) + int(stat[shared])
