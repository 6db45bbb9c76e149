"""The command ``temwidgets fit FILE``: find and fit the columns of an image, or of all frames."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

_TABLES = (".nc", ".csv", ".xyz")


def fit(arguments: argparse.Namespace) -> int:
    """Do what the command line says; returns 1 where frames failed, else 0.

    Raises
    ------
    ValueError, OSError, ImportError
        If the file, or what is asked for, cannot be used.
    """
    _check_target(arguments)
    image = _image(arguments)
    if "frame" in image.dims:
        return _fit_series(image, arguments)
    if arguments.scheduler is not None:
        raise ValueError(
            f"{Path(arguments.file).name} is one image, which is fitted here. Leave --scheduler"
            " out."
        )
    _fit_image(image, arguments)
    return 0


def find_and_fit(
    image: Any, *, separation: float | None, threshold: float | None, report: Any = None, **how: Any
) -> Any:
    """Find and fit the columns of one image."""
    import temwidgets as tw

    found = tw.find_columns(image, separation=separation, threshold=threshold)
    return tw.fit_columns(image, found, report=report, **how)


def sampling_of(arguments: argparse.Namespace) -> float | tuple[float, ...] | None:
    """Return --sampling as `temwidgets.read` takes it."""
    sampling = arguments.sampling
    if sampling is not None and len(sampling) > 2:
        raise ValueError(f"--sampling takes one number, or y and x, but {len(sampling)} came.")
    return None if sampling is None else sampling[0] if len(sampling) == 1 else tuple(sampling)


def _check_target(arguments: argparse.Namespace) -> None:
    """Refuse a name that is of no use before anything is read."""
    source, target = Path(arguments.file), _target(arguments)
    folder = not target.suffix or target.is_dir()
    if not folder and target.suffix.lower() not in _TABLES:
        raise ValueError(
            f"Columns are saved as .nc, .csv or .xyz, so name it {target.stem}.nc, not {target}."
        )
    if not target.parent.is_dir():
        raise FileNotFoundError(f"There is no folder {target.parent}. Make it first.")
    if not folder and target.exists() and source.exists() and target.samefile(source):
        raise ValueError(f"{target} is the image itself. Give another name with -o.")


def _target(arguments: argparse.Namespace) -> Path:
    source = Path(arguments.file)
    return Path(arguments.output or source.with_name(f"{source.stem}_columns.nc"))


def _image(arguments: argparse.Namespace) -> Any:
    from temwidgets import files
    from temwidgets.recipes.opening import open_image

    dataset = arguments.dataset
    if dataset is not None and dataset.isdecimal():
        names = [entry.name for entry in files.datasets(arguments.file)]
        dataset = dataset if dataset in names else int(dataset)
    options = {"dataset": dataset, "sampling": sampling_of(arguments)}
    image = open_image(Path(arguments.file), options)
    frame = arguments.frame
    if "frame" not in image.dims or frame is None:
        return image
    if not 0 <= frame < image.sizes["frame"]:
        raise ValueError(
            f"It is a series of {image.sizes['frame']} frames. Choose one, --frame 0 to"
            f" {image.sizes['frame'] - 1}, or leave --frame out to fit all."
        )
    return image.isel(frame=frame, drop=True).compute()


def _how(arguments: argparse.Namespace) -> dict[str, Any]:
    names = ("separation", "threshold", "shape", "noise", "background")
    return {name: getattr(arguments, name) for name in names}


def _fit_image(image: Any, arguments: argparse.Namespace) -> None:
    import temwidgets as tw

    target = _target(arguments)
    if target.suffix.lower() not in _TABLES:
        raise ValueError(
            f"Columns are saved as .nc, .csv or .xyz, so name it {target.name}.nc, not {target}."
        )
    if target.suffix.lower() == ".xyz" and image["y"].attrs["units"] != "nm":
        raise ValueError(
            f"{target.name} needs lengths, but the image is not calibrated. Give --sampling, or"
            f" name it {target.stem}.csv."
        )
    started = time.perf_counter()
    with _bar("finding and fitting columns") as bar:
        fitted = find_and_fit(image, **_how(arguments), report=_progress(bar))
    fitted.attrs["source"] = str(image.attrs.get("source", Path(arguments.file).name))
    tw.save(target, fitted)
    print(_summary(fitted, time.perf_counter() - started) + f"; saved in {target}")


def _fit_series(image: Any, arguments: argparse.Namespace) -> int:
    """Fit every frame into a file of its own, in a folder."""
    import temwidgets as tw

    frames, target = image.sizes["frame"], _target(arguments)
    if arguments.output is None:
        target = target.with_suffix("")
    elif target.suffix and not target.is_dir():
        raise ValueError(
            f"{Path(arguments.file).name} is a series of {frames} frames, whose columns go to a"
            f" folder, a file each: -o {target.stem}. Or choose a frame: --frame 0 to {frames - 1}."
        )
    started = time.perf_counter()
    with _bar(f"fitting {frames} frames") as bar:
        results = tw.each_frame(
            find_and_fit, image, scheduler=arguments.scheduler, folder=target,
            report=_progress(bar), **_how(arguments),
        )  # fmt: skip
    for frame, sentence in results.failed.items():
        print(f"temwidgets: frame {frame}: {sentence}", file=sys.stderr)
    failed = f", {len(results.failed)} failed" if results.failed else ""
    seconds = time.perf_counter() - started
    print(f"{len(results)} frames fitted in {seconds:.1f} s{failed}; saved in {target}")
    return 1 if results.failed else 0


def _bar(description: str) -> Any:
    from tqdm import tqdm

    layout = "{desc}: {percentage:3.0f} %|{bar}| {elapsed} < {remaining}"
    return tqdm(total=1.0, desc=description, bar_format=layout, disable=None)


def _progress(bar: Any) -> Any:
    return lambda fraction: bar.update(fraction - bar.n)


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
