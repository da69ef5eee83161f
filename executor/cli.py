"""The `executor` command. Each subcommand imports only what it needs."""

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from executor import __version__
from executor.settings import Settings, WrongSettings

USAGE_FAULT = 2


class Fault(Exception):
    """An operator's mistake or a missing part: one line, and exit code 2."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs a subcommand; returns the exit code."""
    options = _parser().parse_args(argv)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except (Fault, WrongSettings) as fault:
        print(f"executor: {fault}", file=sys.stderr)
        return USAGE_FAULT
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="executor", description="Judges submissions.")
    parser.add_argument("--version", action="version", version=f"executor {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="take jobs from the broker until told to stop")
    serve.set_defaults(command=_serve)

    _add_judge(
        commands.add_parser(
            "judge",
            help="judge the submissions of a problem package, with no broker",
            epilog="Exit code: 0 if all are as promised, 1 if not, 2 if the package is bad.",
        )
    )

    _add_job(
        commands.add_parser(
            "job",
            help="print the job of a package's submission, for workers that have the package too",
            epilog="`executor submit --job /dev/stdin` takes it.",
        )
    )

    check = commands.add_parser("check", help="tell what is missing here, and the remedy")
    check.set_defaults(command=_check)

    status = commands.add_parser(
        "status",
        help="show the workers of this host, the sandbox, the broker",
        epilog="Exit code: 0 if all is well, 1 if not.",
    )
    status.add_argument("--json", action="store_true", help="for programs: one object")
    status.set_defaults(command=_status)

    _add_queue(
        commands.add_parser(
            "queue",
            help="show how many jobs wait, how fast it goes, and how long a job has to wait",
            epilog="Exit code: 0, 1 if jobs wait and nobody consumes or a queue is missing, 2 if"
            " there is no broker.",
        )
    )

    _add_autoscale(
        commands.add_parser(
            "autoscale",
            help="keep as many replicas of a Swarm service of workers as the queue needs",
            epilog="Runs on a manager, or wherever DOCKER_HOST leads to one, until SIGTERM.",
        )
    )

    languages = commands.add_parser("languages", help="show the languages, and which work here")
    languages.add_argument("--json", action="store_true", help="for programs: a list of objects")
    languages.set_defaults(command=_languages)

    schema = commands.add_parser("schema", help="write the JSON Schemas of the messages")
    schema.add_argument("--dir", type=Path, default=Path("docs/schemas"))
    schema.set_defaults(command=_schema)

    _add_submit(
        commands.add_parser(
            "submit",
            help="publish a job as a frontend would, and print its result",
            epilog="Exit code: 0 if accepted, 1 if not, 2 if there is no result.",
        )
    )

    cancel = commands.add_parser(
        "cancel",
        help="ask the workers to stop a job, waiting or running",
        epilog="The job is answered with the status cancelled when a worker has it.",
    )
    cancel.add_argument("id", help="the job's id")
    cancel.add_argument("--attempt", type=int, metavar="N", help="this attempt only")
    cancel.set_defaults(command=_cancel)
    return parser


def _add_queue(queue: argparse.ArgumentParser) -> None:
    queue.add_argument("--json", action="store_true", help="for programs: one object")
    queue.add_argument("--watch", action="store_true", help="again and again, until Ctrl-C")
    queue.add_argument(
        "--seconds", type=_seconds, default=3.0, metavar="S", help="to measure the rates for (3)"
    )
    queue.set_defaults(command=_queue)


def _add_autoscale(autoscale: argparse.ArgumentParser) -> None:
    autoscale.add_argument("--service", required=True, metavar="NAME", help="executor_executor")
    autoscale.add_argument("--min", type=_replicas, default=1, metavar="N", help="replicas (1)")
    autoscale.add_argument("--max", type=_replicas, required=True, metavar="N", help="replicas")
    autoscale.add_argument(
        "--target-wait",
        type=_seconds,
        default=30.0,
        metavar="S",
        help="a job may wait (30)",
    )
    autoscale.add_argument(
        "--cooldown",
        type=_seconds,
        default=300.0,
        metavar="S",
        help="step down after so long with too little to do (300)",
    )
    autoscale.add_argument(
        "--interval", type=_seconds, default=5.0, metavar="S", help="between two looks (5)"
    )
    autoscale.add_argument(
        "--workers",
        type=_address,
        metavar="HOST:PORT",
        help="where all workers tell how busy they are (tasks.NAME, EXECUTOR_HTTP_PORT or 9101)",
    )
    autoscale.add_argument("--once", action="store_true", help="one step, and say why")
    autoscale.add_argument("--dry-run", action="store_true", help="change nothing, only say")
    autoscale.set_defaults(command=_autoscale)


def _replicas(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError("should be 1 to 1000")
    return int(text)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 1 <= int(port) <= 65_535:
        raise argparse.ArgumentTypeError("should be HOST:PORT")
    return host.strip("[]"), int(port)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.1 <= seconds <= 600:
        raise argparse.ArgumentTypeError("should be 0.1 to 600")
    return seconds


def _add_judge(judge: argparse.ArgumentParser) -> None:
    judge.add_argument("problem", type=Path, help="a problem package, or a folder of 1.in, 1.ans")
    judge.add_argument(
        "submissions", nargs="*", type=Path, metavar="SUBMISSION", help="default: all of its own"
    )
    judge.add_argument(
        "--limit-cpu-ms", type=_cpu_ms, metavar="MS", help="instead of the package's time limit"
    )
    judge.add_argument(
        "--language", metavar="ID", help="judge as this language; of the package's own, those in it"
    )
    judge.add_argument(
        "--test",
        action="append",
        default=[],
        metavar="ID",
        help="this test, or pattern; repeatable",
    )
    judge.add_argument("--json", action="store_true", help="print everything for programs")
    judge.set_defaults(command=_judge)


def _add_job(job: argparse.ArgumentParser) -> None:
    job.add_argument("problem", type=Path, help="a problem package, or a folder of 1.in, 1.ans")
    job.add_argument("submission", type=Path, metavar="SUBMISSION", help="of its own, or any file")
    job.add_argument(
        "--packages-dir",
        type=Path,
        metavar="DIR",
        help="what is the workers' EXECUTOR_PACKAGES_DIR lies here; default: that setting",
    )
    job.add_argument(
        "--limit-cpu-ms", type=_cpu_ms, metavar="MS", help="instead of the package's time limit"
    )
    job.add_argument("--language", metavar="ID", help="judge as this language")
    job.add_argument("--id", metavar="ID", help="default: by the submission's name")
    job.set_defaults(command=_job)


def _cpu_ms(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 60_000:
        raise argparse.ArgumentTypeError("should be 1 to 60000")
    return int(text)


def _add_submit(submit: argparse.ArgumentParser) -> None:
    submit.add_argument("source", nargs="?", type=Path, help="the program")
    submit.add_argument("files", nargs="*", type=Path, help="files that stand beside it")
    submit.add_argument("--job", type=Path, metavar="FILE", help="a whole job, as JSON")
    submit.add_argument("--language", metavar="ID", help="default: by the source's suffix")
    submit.add_argument("--mode", choices=("judge", "run", "compile"), default="judge")
    submit.add_argument(
        "--input", action="append", default=[], type=Path, help="a test's input; repeatable"
    )
    submit.add_argument(
        "--answer", action="append", default=[], type=Path, help="its answer, in the same order"
    )
    submit.add_argument("--checker", default="lines", metavar="TYPE")
    submit.add_argument("--cpu-ms", type=int, metavar="MS", help="CPU limit of each test")
    submit.add_argument("--memory-kib", type=int, metavar="KIB", help="memory limit")
    submit.add_argument("--timeout", type=float, default=300, metavar="S", help="wait at most")
    submit.add_argument("--events", action="store_true", help="print on stderr how it gets on")
    submit.add_argument("--json", action="store_true", help="print the result as it came")
    submit.set_defaults(command=_submit)


def _dotenv() -> Path:
    """Of the current folder, else of the project's: where setup-worker.sh puts it."""
    here = Path(".env")
    return here if here.exists() else Path(__file__).resolve().parent.parent / ".env"


def _settings() -> Settings:
    settings, warnings = Settings.load(os.environ, _dotenv())
    for warning in warnings:
        print(f"executor: {warning}", file=sys.stderr)
    return settings


def _serve(_options: argparse.Namespace) -> int:
    from executor.worker import serve

    return serve(_settings())


def _check(_options: argparse.Namespace) -> int:
    from executor.diagnosis import diagnose

    well = True
    for finding in diagnose(_settings()):
        print(finding, flush=True)
        well = well and finding.ok
    return 0 if well else 1


def _status(options: argparse.Namespace) -> int:
    from executor import overview, terminal
    from executor.roll import RollError

    try:
        seen = overview.look(_settings())
    except RollError as error:
        raise Fault(str(error)) from None
    if options.json:
        print(seen.model_dump_json(indent=1))
    else:
        overview.show(seen, terminal.console())
    return 1 if seen.problems else 0


def _queue(options: argparse.Namespace) -> int:
    from executor import backlog, terminal
    from executor.broker.visit import BrokerUnreachable
    from executor.roll import RollError

    settings, console = _settings(), terminal.console()
    while True:
        try:
            seen = backlog.measure(settings, options.seconds)
        except (BrokerUnreachable, RollError) as error:
            if not options.watch:
                raise Fault(str(error)) from None
            print(f"executor: {error}", file=sys.stderr, flush=True)
            time.sleep(options.seconds)
            continue
        if options.json:
            print(seen.model_dump_json(indent=None if options.watch else 1), flush=True)
        else:
            if options.watch and console.is_terminal:
                console.clear()
            console.print(backlog.rendered(seen))
        if not options.watch:
            return 1 if seen.problems else 0


def _autoscale(options: argparse.Namespace) -> int:
    from executor.broker.visit import BrokerUnreachable

    if options.min > options.max:
        raise Fault(f"--min {options.min} is more than --max {options.max}")
    try:
        from executor.autoscaling import crew, loop, policy, swarm
    except ModuleNotFoundError as error:
        raise Fault(
            f"no module {error.name}: pip install -r requirements-autoscale.txt, which only"
            " this command needs"
        ) from None
    settings = _settings()
    port = settings.executor_http_port or 9101
    workers = options.workers or (f"tasks.{options.service}", port)
    plan = loop.Plan(
        service=options.service,
        goal=policy.Goal(
            minimum=options.min,
            maximum=options.max,
            target_wait_s=options.target_wait,
            cooldown_s=options.cooldown,
        ),
        workers=crew.Address(*workers),
        interval_s=options.interval,
        dry_run=options.dry_run,
    )
    try:
        if not options.once:
            loop.run(settings, plan)
        print(loop.run_once(settings, plan))
        return 0
    except (swarm.SwarmError, BrokerUnreachable) as error:
        raise Fault(str(error)) from None


def _languages(options: argparse.Namespace) -> int:
    from executor import inventory
    from executor.languages import LanguagesError

    try:
        entries = inventory.take_inventory(_settings())
    except LanguagesError as error:
        raise Fault(str(error)) from None
    if options.json:
        print(json.dumps([entry.model_dump() for entry in entries], indent=1))
    else:
        inventory.show(entries)
    return 0 if all(each.state in ("working", "not_installed") for each in entries) else 1


def _judge(options: argparse.Namespace) -> int:
    from rich.console import Console

    from executor import judging, logs, report
    from executor.packages import PackageError

    logs.configure("error", "console")
    wish = judging.Wish(
        problem=options.problem,
        submissions=tuple(options.submissions),
        cpu_ms=options.limit_cpu_ms,
        language=options.language,
        tests=tuple(options.test),
    )
    try:
        with report.progress_of(Console(stderr=True)) as progress:
            judgement = judging.judge_package(_settings(), wish, progress)
    except (judging.JudgingError, PackageError) as error:
        raise Fault(str(error)) from None
    if options.json:
        print(report.as_json(judgement))
    else:
        report.print_report(judgement, Console(highlight=False))
    return 0 if judgement.kept else 1


def _job(options: argparse.Namespace) -> int:
    from executor import package_job
    from executor.packages import PackageError

    settings = _settings()
    wish = package_job.Wish(
        problem=options.problem,
        submission=options.submission,
        packages=options.packages_dir or settings.executor_packages_dir,
        cpu_ms=options.limit_cpu_ms,
        language=options.language,
        id=options.id,
    )
    try:
        print(package_job.message(settings, wish))
    except (package_job.NoJob, PackageError) as error:
        raise Fault(str(error)) from None
    return 0


def _submit(options: argparse.Namespace) -> int:
    from executor import frontend

    settings = _settings()
    try:
        job = frontend.read_job(options, settings)
        heard = _print_event if options.events else None
        body = frontend.request(settings, job, options.timeout, heard)
    except frontend.SubmitError as error:
        raise Fault(str(error)) from None
    print(body.decode() if options.json else frontend.summary(body))
    return 0 if frontend.accepted(body) else 1


def _print_event(body: bytes) -> None:
    from executor import frontend

    print(frontend.progress(body), file=sys.stderr, flush=True)


def _cancel(options: argparse.Namespace) -> int:
    from executor import frontend

    try:
        frontend.cancel(_settings(), options.id, options.attempt)
    except frontend.SubmitError as error:
        raise Fault(str(error)) from None
    return 0


def _schema(options: argparse.Namespace) -> int:
    from executor.contract import write_schemas

    write_schemas(options.dir)
    return 0
