"""The command ``temwidgets``: tour, app, files, columns, recipes on many files, networks."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from temwidgets import __version__

_TOLD_ELSEWHERE = ("units", "long_name", "metadata", "pixel_size", "dataset", "source")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    0; 1 when some of many images failed; 2 after a sentence about what was wrong.
    """
    arguments = _parser().parse_args(argv)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", UserWarning)
            warnings.showwarning = _show_warning
            code = arguments.run(arguments)
    except KeyboardInterrupt:
        print("\ntemwidgets: stopped", file=sys.stderr)
        return 130
    except (ValueError, TypeError, OSError, ImportError) as error:
        print(f"temwidgets: {error}", file=sys.stderr)
        return 2
    return code or 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="temwidgets",
        description="Atomic columns in TEM and STEM images. Without a command: open the tour, a"
        " notebook on a real image, in JupyterLab.",
    )
    parser.add_argument("--version", action="version", version=f"temwidgets {__version__}")
    parser.add_argument(
        "--no-browser", action="store_true", help="start JupyterLab for the tour, open no browser"
    )
    parser.set_defaults(run=_tour)
    commands = parser.add_subparsers(metavar="COMMAND")
    info = commands.add_parser("info", help="say what is in a file")
    info.add_argument("file", metavar="FILE")
    info.set_defaults(run=_info)
    _add_fit(commands.add_parser("fit", help="find and fit the columns of an image or a series"))
    _add_run(commands.add_parser("run", help="repeat a recipe on many files"))
    _add_app(commands.add_parser("app", help="explore an image in a page without code"))
    train = commands.add_parser("train", help="train a network that finds columns on your images")
    train.add_argument(
        "config", metavar="CONFIG",
        help='a TOML file: out = "NAME.safetensors", steps, seed, start (a network; "": random),'
        " checkpoint, held_back (so many of the last pairs only test), and for each pair"
        " [[pairs]] with image, columns, and where needed dataset, sampling, frame, contrast;"
        " without pairs it trains on synthetic images",
    )  # fmt: skip
    train.set_defaults(run=_train)
    return parser


def _add_fit(fit: argparse.ArgumentParser) -> None:
    fit.add_argument("file", metavar="FILE", help="an image, or a file that holds one")
    fit.add_argument(
        "-o", "--output", metavar="OUT",
        help=".nc, .csv or .xyz, default: FILE_columns.nc; of a series a folder, default:"
        " FILE_columns, where a stopped run goes on",
    )  # fmt: skip
    fit.add_argument("--dataset", help="which dataset of the file (see temwidgets info FILE)")
    fit.add_argument("--frame", type=int, help="which frame of a series, from 0; default: all")
    _add_sampling(fit)
    _add_scheduler(fit, "frames of a series")
    fit.add_argument("--separation", type=float, help="least distance of two columns (nm, or px)")
    fit.add_argument("--threshold", type=float, help="least score of a column")
    for name, choices in (
        ("shape", ("elliptical", "round", "shared", "auto")),
        ("noise", ("poisson", "gaussian")),
        ("background", ("smooth", "plane", "constant")),
    ):
        fit.add_argument(f"--{name}", choices=choices, default=choices[0], help="%(default)s")
    fit.set_defaults(run=_fit)


def _add_run(run: argparse.ArgumentParser) -> None:
    run.add_argument(
        "recipe", metavar="RECIPE",
        help="what workspace.recipe(path) wrote, or one that comes along: fit, lattice",
    )  # fmt: skip
    run.add_argument("files", metavar="FILES", nargs="+", help="images, or folders of images")
    run.add_argument(
        "-o", "--output", metavar="OUT", required=True,
        help="folder for the results and summary.csv; what is done in it already is passed over",
    )  # fmt: skip
    run.add_argument("--dataset", help="which dataset of each file")
    _add_sampling(run)
    _add_scheduler(run, "images")
    run.add_argument("--again", action="store_true", help="do also what is done already")
    run.set_defaults(run=_run)


def _add_app(app: argparse.ArgumentParser) -> None:
    app.add_argument(
        "file", metavar="FILE", nargs="?", help="an image or a saved workspace; default: none yet"
    )
    app.add_argument("--fourier", action="store_true", help="what is done in Fourier space")
    app.add_argument("--port", type=int, default=8866, help="of the address; %(default)s")
    app.add_argument("--dark", action="store_true", help="light on dark")
    # else the parser of the command would take back what was said before it
    app.add_argument("--no-browser", action="store_true", default=argparse.SUPPRESS,
                     help="print the address, open no browser")  # fmt: skip
    app.set_defaults(run=_app)


def _add_sampling(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--sampling", type=float, nargs="+", metavar="NM", help="nm in a pixel: one number, or y x"
    )


def _add_scheduler(command: argparse.ArgumentParser, what: str) -> None:
    command.add_argument(
        "--scheduler", metavar="ADDRESS",
        help=f'send the {what} to a dask.distributed cluster, e.g. "tcp://host:8786"',
    )  # fmt: skip


def _tour(arguments: argparse.Namespace) -> None:
    import subprocess

    from temwidgets._tour import copy_tour

    notebook, kept = copy_tour()
    print(f"Opening {notebook}" + (" (yours; delete it to get a fresh one)" if kept else ""))
    command = [sys.executable, "-m", "jupyterlab", str(notebook)]
    # so that the address it prints leads to the notebook as well
    command += [f"--LabApp.default_url=/lab/tree/{notebook.name}"]
    command += ["--no-browser"] * arguments.no_browser
    # Jupyter refuses to run as root, which is who one is in most containers
    command += ["--allow-root"] * (getattr(os, "geteuid", lambda: -1)() == 0)
    code = subprocess.run(command, check=False).returncode
    if code > 0:
        raise OSError(f"JupyterLab stopped with exit code {code}; its last lines say why.")


def _info(arguments: argparse.Namespace) -> None:
    from temwidgets import files

    listed = files.datasets(arguments.file)
    if not any(entry.default for entry in listed) and arguments.file.lower().endswith(".nc"):
        print(files.open_result(arguments.file))
        return
    print(Path(arguments.file).name)
    for entry in listed:
        shape = " x ".join(map(str, entry.shape))
        line = f"{'*' if entry.default else ' '} {entry.name}: {entry.kind}, {shape}"
        if entry.sampling is not None:
            line += ", {:.5g} x {:.5g} nm per pixel (y, x)".format(*entry.sampling)
        elif "image" in entry.kind:
            line += ", not calibrated"
        print(line)
    if any(entry.default for entry in listed):
        _print_fields(arguments.file)


def _print_fields(path: str) -> None:
    from temwidgets import files

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        image = files.read(path)
    print(f"  pixels: {image.dtype}, {float(image.min()):g} to {float(image.max()):g}")
    for name, value in image.attrs.items():
        if name not in _TOLD_ELSEWHERE and not str(name).endswith("_units"):
            units = image.attrs.get(f"{name}_units", "1")
            print(f"  {name}: {value}" + (f" {units}" if units != "1" else ""))


def _fit(arguments: argparse.Namespace) -> int:
    from temwidgets import _fit as fitting

    return fitting.fit(arguments)


def _app(arguments: argparse.Namespace) -> None:
    from temwidgets import _app as app

    app.run(arguments)


def _run(arguments: argparse.Namespace) -> int:
    from temwidgets import _run as running

    return running.run(arguments)


def _train(arguments: argparse.Namespace) -> None:
    from temwidgets import _train as training

    print(training.summary(training.train(arguments.config)))


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    print(f"temwidgets: {message}", file=file or sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
