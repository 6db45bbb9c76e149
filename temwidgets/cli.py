"""The command ``temwidgets``: the tour, what is in a file, find and fit columns, train networks."""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from temwidgets import __version__

_TOLD_ELSEWHERE = ("units", "long_name", "metadata", "pixel_size", "dataset", "source")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0, or 2 after a sentence about what was wrong."""
    arguments = _parser().parse_args(argv)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", UserWarning)
            warnings.showwarning = _show_warning
            arguments.run(arguments)
    except KeyboardInterrupt:
        print("\ntemwidgets: stopped", file=sys.stderr)
        return 130
    except (ValueError, TypeError, OSError, ImportError) as error:
        print(f"temwidgets: {error}", file=sys.stderr)
        return 2
    return 0


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
    _add_fit(commands.add_parser("fit", help="find and fit the columns of an image"))
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
        "-o", "--output", metavar="OUT", help=".nc, .csv or .xyz; default: FILE_columns.nc"
    )
    fit.add_argument("--dataset", help="which dataset of the file (see temwidgets info FILE)")
    fit.add_argument("--frame", type=int, help="which frame of a series, from 0")
    fit.add_argument(
        "--sampling", type=float, nargs="+", metavar="NM", help="nm in a pixel: one number, or y x"
    )
    fit.add_argument("--separation", type=float, help="least distance of two columns (nm, or px)")
    fit.add_argument("--threshold", type=float, help="least score of a column")
    for name, choices in (
        ("shape", ("elliptical", "round", "shared", "auto")),
        ("noise", ("poisson", "gaussian")),
        ("background", ("smooth", "plane", "constant")),
    ):
        fit.add_argument(f"--{name}", choices=choices, default=choices[0], help="%(default)s")
    fit.set_defaults(run=_fit)


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


def _fit(arguments: argparse.Namespace) -> None:
    target = _target(arguments)
    image = _image(arguments)
    if target.suffix.lower() == ".xyz" and image["y"].attrs["units"] != "nm":
        raise ValueError(
            f"{target.name} needs lengths, but the image is not calibrated. Give --sampling, or"
            f" name it {target.stem}.csv."
        )
    started = time.perf_counter()
    import temwidgets as tw

    found = tw.find_columns(image, separation=arguments.separation, threshold=arguments.threshold)
    fitted = _fit_with_bar(image, found, arguments)
    fitted.attrs["source"] = str(image.attrs.get("source", Path(arguments.file).name))
    tw.save(target, fitted)
    print(_summary(fitted, time.perf_counter() - started) + f"; saved in {target}")


def _train(arguments: argparse.Namespace) -> None:
    from temwidgets import _train as training

    print(training.summary(training.train(arguments.config)))


def _target(arguments: argparse.Namespace) -> Path:
    source = Path(arguments.file)
    target = Path(arguments.output or source.with_name(f"{source.stem}_columns.nc"))
    if target.suffix.lower() not in (".nc", ".csv", ".xyz"):
        raise ValueError(
            f"Columns are saved as .nc, .csv or .xyz, so name it {target.stem}.nc, not {target}."
        )
    if not target.parent.is_dir():
        raise FileNotFoundError(f"There is no folder {target.parent}. Make it first.")
    if target.exists() and source.exists() and target.samefile(source):
        raise ValueError(f"{target} is the image itself. Give another name with -o.")
    return target


def _image(arguments: argparse.Namespace) -> Any:
    from temwidgets import files

    sampling = arguments.sampling
    if sampling is not None and len(sampling) > 2:
        raise ValueError(f"--sampling takes one number, or y and x, but {len(sampling)} came.")
    step = None if sampling is None else sampling[0] if len(sampling) == 1 else tuple(sampling)
    dataset = arguments.dataset
    if dataset is not None and dataset.isdecimal():
        names = [entry.name for entry in files.datasets(arguments.file)]
        dataset = dataset if dataset in names else int(dataset)
    image = files.read(arguments.file, dataset=dataset, sampling=step)
    if "frame" not in image.dims:
        return image
    frame, frames = arguments.frame, image.sizes["frame"]
    if frame is None or not 0 <= frame < frames:
        raise ValueError(
            f"It is a series of {frames} frames. Choose one: --frame 0 to {frames - 1}."
        )
    return image.isel(frame=frame, drop=True)


def _fit_with_bar(image: Any, found: Any, arguments: argparse.Namespace) -> Any:
    from tqdm import tqdm

    import temwidgets as tw

    layout = "{desc}: {percentage:3.0f} %|{bar}| {elapsed} < {remaining}"
    description = f"fitting {found.sizes['column']} columns"
    with tqdm(total=1.0, desc=description, bar_format=layout, disable=None) as bar:
        return tw.fit_columns(
            image,
            found,
            shape=arguments.shape,
            noise=arguments.noise,
            background=arguments.background,
            report=lambda fraction: bar.update(fraction - bar.n),
        )


def _summary(fitted: Any, seconds: float) -> str:
    from temwidgets.conventions import Flag, flagged

    counts = {flag.name: int(flagged(fitted, flag).sum()) for flag in Flag}
    told = ", ".join(
        f"{count} {str(name).replace('_', ' ')}" for name, count in counts.items() if count
    )
    line = f"{fitted.sizes['column']} columns fitted in {seconds:.1f} s"
    if "reduced_chi2" in fitted.attrs:
        line += f", reduced chi² {fitted.attrs['reduced_chi2']:.3g}"
    return f"{line}; flags: {told or 'none'}"


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
