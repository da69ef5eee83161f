"""A worker's share in a test of several: gets one blob and tells how it went.

Arguments: the cache's folder, its size in bytes, and the blob as JSON. Prints the content's size,
or the error as the reply tells it.
"""

import json
import sys
import tempfile
from pathlib import Path

from executor.blobs.cache import Cache
from executor.blobs.fetch import Fetcher
from executor.blobs.hosts import Hosts
from executor.contract.fields import MIB
from executor.judge.testdata import TestData, TestDataError, TestDataLimits
from executor.sandbox import KillSwitch
from tests.judge.conftest import make_job


def main() -> None:
    folder, max_bytes, blob = sys.argv[1:]
    cache = Cache(Path(folder), int(max_bytes))
    cache.prepare()
    limits = TestDataLimits(blob_bytes=16 * MIB, blob_s=60)
    testdata = TestData(cache, Fetcher(Hosts(["127.0.0.1"])), None, limits)
    job = make_job(mode="run", tests=[{"id": "1", "input": json.loads(blob)}])
    with tempfile.TemporaryDirectory() as own:
        try:
            with testdata.of(job, Path(own), KillSwitch()) as blobs:
                print(json.dumps({"size": blobs.path(job.tests[0].input).stat().st_size}))
        except TestDataError as error:
            print(error.error.model_dump_json())


main()
