"""Makers of small files, for the tests of the readers, and what these look at."""

import json
import struct
from types import SimpleNamespace

import h5py
import numpy as np
import pytest

from temwidgets.conventions import pixel_grid


def write_hspy(path, data, units, *, scale=0.02, navigate=(), names=None, metadata=None):
    hspy = pytest.importorskip("rsciio.hspy")
    names = names or ("frame", "y", "x")[-data.ndim :]
    axes = [
        {
            "name": name,
            "size": size,
            "index_in_array": position,
            "scale": scale,
            "offset": 0.3,
            "units": unit,
            "navigate": position in navigate,
        }
        for position, (name, size, unit) in enumerate(zip(names, data.shape, units, strict=True))
    ]
    signal = {
        "data": data,
        "axes": axes,
        "metadata": metadata or {"General": {"title": "made"}},
        "original_metadata": {},
        "package": "",
        "package_version": "",
        "package_info": {},
        "tmp_parameters": {},
        "attributes": {"_lazy": False},
        "learning_results": {},
        "models": None,
    }
    hspy.file_writer(str(path), signal)


def write_mrc(path, data, cell):
    """Write a little-endian MRC2014 file of float32; `cell` in angstrom, (x, y, z)."""
    depth, height, width = (1, *data.shape)[-3:]
    header = struct.pack("<10i", width, height, depth, 2, 0, 0, 0, width, height, depth)
    header += struct.pack("<3f", *cell) + struct.pack("<3f", 90, 90, 90)
    header += struct.pack("<3i", 1, 2, 3)
    header = header.ljust(208, b"\0") + b"MAP " + b"\x44\x44\0\0"
    path.write_bytes(header.ljust(1024, b"\0") + data.astype("<f4").tobytes())


def write_ser(path, data, *, delta=2e-11, start=1e-9):
    """Write a TIA series of one image of uint16, calibrated in m, rows from the bottom."""
    height, width = data.shape
    head = struct.pack("<HHHIIII", 0x4949, 0x0197, 0x0210, 0x4122, 0x4152, 1, 1)
    dimension = struct.pack("<IddI", 1, 0.0, 1.0, 0) + struct.pack("<I", 6) + b"Number"
    dimension += struct.pack("<I", 0)
    offsets_at = len(head) + 8 + len(dimension)
    element_at = offsets_at + 8
    axis = struct.pack("<ddI", start, delta, 0)
    element = axis + axis + struct.pack("<HII", 2, width, height)
    element += data[::-1].astype("<u2").tobytes()
    tag = struct.pack("<HHIdd", 0x4152, 0, 0, 0.0, 0.0)
    table = struct.pack("<II", element_at, element_at + len(element))
    path.write_bytes(head + struct.pack("<II", offsets_at, 1) + dimension + table + element + tag)


def write_velox(path, images, *, unit="m", eds=False):
    """Write {detector: (y, x, frame) array} as Velox does."""
    with h5py.File(path, "w") as file:
        file["Version"] = "{}"
        for number, (detector, data) in enumerate(images.items()):
            metadata = {
                "Instrument": {"InstrumentClass": "Talos"},
                "Optics": {"AccelerationVoltage": "200000"},
                "Scan": {"DwellTime": "2e-005"},
                "BinaryResult": {
                    "Detector": detector,
                    "PixelSize": {"width": "3e-11", "height": "2e-11"},
                    "Offset": {"x": "-1e-9", "y": "4e-9"},
                    "PixelUnitX": unit,
                    "PixelUnitY": unit,
                },
            }
            raw = np.frombuffer(json.dumps(metadata).encode().ljust(2000, b"\0"), np.uint8)
            group = file.create_group(f"Data/Image/{number:032x}")
            group["Data"] = data
            group["Metadata"] = np.repeat(raw[:, None], data.shape[2], axis=1)
        if eds:
            file["Data/SpectrumImage/0/Data"] = np.zeros((9, 1), np.uint8)
            file["Data/SpectrumStream/0/Data"] = np.zeros((9, 1), np.uint16)


def write_berkeley(path, data, units="[n_m]", *, step=0.02):
    with h5py.File(path, "w") as file:
        file.attrs["version_major"], file.attrs["version_minor"] = 0, 2
        group = file.create_group("data/lattice")
        group.attrs["emd_group_type"] = 1
        group["data"] = data
        for position, (name, size) in enumerate(zip("yx", data.shape, strict=True), start=1):
            dim = group.create_dataset(f"dim{position}", data=0.5 + step * np.arange(size))
            dim.attrs["name"], dim.attrs["units"] = name, units


def write_dm3(path, data, *, scale=0.02, units="nm", origin=(0.0, 0.0), thumbnail=False):
    """Write a DigitalMicrograph 3 file of uint16; `origin` (x, y) in pixels, as it counts."""
    axes = [{"Origin": ("f", start), "Scale": ("f", scale), "Units": units} for start in origin]
    image = {
        "ImageData": {
            "Calibrations": {
                "Brightness": {"Origin": ("f", 0.0), "Scale": ("f", 1.0), "Units": ""},
                "Dimension": axes,
            },
            "Data": data,
            "DataType": ("I", 10),
            "Dimensions": [("I", size) for size in data.shape[::-1]],
            "PixelDepth": ("I", 2),
        },
        "ImageTags": {"Microscope Info": {"Voltage": ("f", 200000.0)}},
        "Name": "HAADF",
    }
    small = {**image, "ImageData": {**image["ImageData"], "Data": data[:4, :4]}}
    small["ImageData"]["Dimensions"] = [("I", 4), ("I", 4)]
    root = {"ImageList": [small, image] if thumbnail else [image]}
    if thumbnail:
        root["Thumbnails"] = [{"ImageIndex": ("I", 0)}]
    tags = _dm3_group(root)
    path.write_bytes(struct.pack(">III", 3, len(tags) + 12, 1) + tags + bytes(8))


_DM3_TYPES = {"H": 4, "I": 5, "f": 6}


def _dm3_group(tags):
    named = list(tags.items()) if isinstance(tags, dict) else [("", tag) for tag in tags]
    return struct.pack(">BBI", 0, 0, len(named)) + b"".join(_dm3_tag(*tag) for tag in named)


def _dm3_tag(name, value):
    group = isinstance(value, dict | list)
    head = struct.pack(">BH", 20 if group else 21, len(name)) + name.encode()
    if group:
        return head + _dm3_group(value)
    if isinstance(value, tuple):
        code, number = value
        info, raw = [_DM3_TYPES[code]], struct.pack(f"<{code}", number)
    else:
        raw = value.encode("utf-16-le") if isinstance(value, str) else value.astype("<u2").tobytes()
        info = [20, 4, len(raw) // 2]
    return head + b"%%%%" + struct.pack(f">{len(info) + 1}I", len(info), *info) + raw


@pytest.fixture
def make():
    return SimpleNamespace(
        dm3=write_dm3,
        hspy=write_hspy,
        mrc=write_mrc,
        ser=write_ser,
        velox=write_velox,
        berkeley=write_berkeley,
    )


@pytest.fixture
def pixels():
    """Not square, no symmetry: a transposed or flipped reading shows."""
    return np.arange(5 * 8, dtype=np.uint16).reshape(5, 8) * 7 + 3


@pytest.fixture
def assert_calibrated():
    def check(image, sampling, origin=(0.0, 0.0)):
        grid = pixel_grid(image)
        assert grid.units == "nm"
        assert grid.sampling == pytest.approx(sampling)
        assert grid.origin == pytest.approx(origin, abs=1e-7)

    return check
