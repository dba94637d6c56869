"""Data sets in Parquet files, as Hugging Face's hub keeps them, become folders of images, which every `--data` takes."""

from __future__ import annotations

import argparse
import io
import json
import os
import pathlib
import re
import shlex
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Optional, Sequence, Tuple, Union

from ._errors import PagsBenchError, UsageError

if TYPE_CHECKING:
    import pyarrow.parquet as pq

#: Splits as file and folder names call them, and the folders they become.
_SPLITS = {"train": "train", "training": "train", "test": "test", "testing": "test", "eval": "val", "val": "val", "valid": "val",
           "validation": "val", "dev": "val"}
_KINDS = ((b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpg"))
#: Begins RIFF, four bytes of length, WEBP: what Pillow decodes becomes PNG files of the same pixels.
_WEBP = re.compile(rb"RIFF....WEBP", re.DOTALL)
_OTHER_KINDS = ((b"BM", "BMP"), (b"GIF8", "GIF"), (b"II*\0", "TIFF"), (b"MM\0*", "TIFF"))
#: Rows that are in memory at a time.
_ROWS = 256
_LARGEST_CLASS_COUNT = 4096
#: Beside data, what their owner calls them.
_OWN_DATA = "own-data.txt"


@dataclass(frozen=True)
class _Columns:
    """Where a file keeps images and labels, and what the classes are called."""

    image: str
    label: str
    #: In the order of the labels; None where the file does not say.
    names: Optional[Tuple[str, ...]]


def convert_parquet(
    sources: Union[str, "os.PathLike[str]", Sequence[Union[str, "os.PathLike[str]"]]], output: Union[str, "os.PathLike[str]"], *,
    image: Optional[str] = None, label: Optional[str] = None,
) -> pathlib.Path:
    """Writes the images of Parquet files into folders, `output/train/cat/00000012.png`: the encoded bytes unchanged, in the order of the
    rows, with one folder for each class. WebP images, which pags-bench does not read, are decoded by Pillow and become PNG files of the same
    pixels. Files are read a few rows at a time.

    Args:
        sources: files, or folders that are looked through for them, which say their split in their name (`train-00000-of-00002.parquet`)
            or in that of their folder (`train/0000.parquet`). Several files of a split follow each other by name.
        output: a folder that does not exist yet. It appears once everything is written, with the `own-data.txt` that lies beside the files,
            if one does.
        image, label: the columns; by default those that Hugging Face's metadata name, or the only ones that can be meant.

    Returns:
        The folder. Sorted, the names of the classes' folders have the order of the labels: where the names alone have not, numbers stand
        before them.

    Raises:
        UsageError: there is nothing that can be converted, or no pyarrow (`pip install 'pags_bench[parquet]'`).
    """
    given = [sources] if isinstance(sources, (str, os.PathLike)) else list(sources)
    splits = _splits([pathlib.Path(source).expanduser() for source in given])
    target = pathlib.Path(output).expanduser()
    if target.exists():
        raise UsageError(f"{target}: is there already; name a folder that is not")
    columns = _columns([file for files in splits.values() for file in files], image, label)
    folders = _folders(columns, splits)
    partial = target.with_name(f".{target.name}.partial-{os.getpid()}")
    try:
        for split, files in splits.items():
            _write(files, columns, folders, partial / split)
        _take_name_along([file for files in splits.values() for file in files], given, partial)
        os.replace(partial, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target


def _take_name_along(files: Sequence[pathlib.Path], sources: Sequence[Union[str, "os.PathLike[str]"]], output: pathlib.Path) -> None:
    """What the owner of the files calls them (`own-data.txt`, docs/evaluate.md), where one of their folders says so."""
    folders = [file.parent for file in files] + [pathlib.Path(source).expanduser() for source in sources]
    found = {folder / _OWN_DATA for folder in folders if (folder / _OWN_DATA).is_file()}
    if len({file.read_bytes() for file in found}) == 1:
        (output / _OWN_DATA).write_bytes(found.pop().read_bytes())


def _open(file: pathlib.Path) -> "pq.ParquetFile":
    try:
        import pyarrow
        import pyarrow.parquet as pq
    except ImportError as error:
        raise UsageError("Parquet files are read by pyarrow, which is not installed; pip install 'pags_bench[parquet]'") from error
    try:
        return pq.ParquetFile(file, memory_map=True)
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise UsageError(f"{file}: cannot be read as a Parquet file: {error}") from error


def _splits(sources: Sequence[pathlib.Path]) -> Dict[str, List[pathlib.Path]]:
    files: List[pathlib.Path] = []
    for source in sources:
        if source.is_dir():
            files += sorted(path for path in source.rglob("*.parquet") if path.is_file())
        elif source.is_file():
            files.append(source)
        else:
            raise UsageError(f"{source}: there is no such file or folder")
    if not files:
        raise UsageError(f"{', '.join(map(str, sources))}: holds no .parquet files")
    splits: Dict[str, List[pathlib.Path]] = {}
    for file in files:
        words = [re.split(r"[-_.]", file.name.lower())[0], file.parent.name.lower()]
        split = next((_SPLITS[word] for word in words if word in _SPLITS), None)
        if split is None:
            raise UsageError(
                f"{file}: neither its name nor its folder's says which split it is of; expected one that begins with "
                f"{', '.join(sorted(set(_SPLITS)))}, such as train-00000-of-00001.parquet")
        splits.setdefault(split, []).append(file)
    for split, members in splits.items():
        members.sort(key=lambda file: (file.parent, file.name))
        if len({file.parent for file in members}) > 1:
            raise UsageError(
                f"files of {split} lie in {', '.join(sorted({str(file.parent) for file in members}))}; are these several data sets? "
                "Name the folder of one")
        numbers = [re.search(r"-(\d+)-of-(\d+)", file.name) for file in members]
        expected = {int(number[2]) for number in numbers if number}
        if expected and expected != {len(members)}:
            raise UsageError(f"{members[0].parent}: has {len(members)} files of {split}, expected {max(expected)} by their names")
    return dict(sorted(splits.items(), key=lambda item: ("train", "val", "test").index(item[0])))


def _columns(files: Sequence[pathlib.Path], image: Optional[str], label: Optional[str]) -> _Columns:
    found = {file: _columns_of(file, image, label) for file in files}
    first, columns = next(iter(found.items()))
    for file, others in found.items():
        if others != columns:
            raise UsageError(f"{file}: has other columns or classes than {first}: {others}, {columns}")
    return columns


def _columns_of(file: pathlib.Path, image: Optional[str], label: Optional[str]) -> _Columns:
    import pyarrow as pa

    with _open(file) as opened:
        schema = opened.schema_arrow
    features: Dict[str, Any] = {}
    try:
        metadata = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        described = metadata.get("info", {}).get("features", {}) if isinstance(metadata, dict) else {}
        features = {name: feature for name, feature in described.items() if isinstance(feature, dict)}
    except (ValueError, AttributeError):
        pass  # what does not say anything is as if it were not there

    def holds_images(name: str) -> bool:
        kind = schema.field(name).type
        if pa.types.is_struct(kind):
            return bool(kind.get_field_index("bytes") >= 0)
        return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))

    def holds_labels(name: str) -> bool:
        kind = schema.field(name).type
        return bool(pa.types.is_integer(kind) or pa.types.is_string(kind))

    def chosen(wanted: Optional[str], what: str, possible: Sequence[str], usual: Sequence[str]) -> str:
        if wanted is not None:
            if wanted not in schema.names:
                raise UsageError(f"{file}: has no column `{wanted}`, but {', '.join(schema.names)}")
            return wanted
        for name in usual:
            if name in possible and (len(possible) > 1 or name == possible[0]):
                return name
        if len(possible) == 1:
            return possible[0]
        raise UsageError(
            f"{file}: has {'several columns' if possible else 'no column'} of {what}"
            f" ({', '.join(possible or schema.names)}); name one with --{what[:-1]}")

    described_images = [name for name in schema.names if features.get(name, {}).get("_type") == "Image"]
    described_labels = [name for name in schema.names if features.get(name, {}).get("_type") == "ClassLabel"]
    image = chosen(image, "images", described_images or [name for name in schema.names if holds_images(name)], ("image", "img"))
    label = chosen(
        label, "labels", described_labels or [name for name in schema.names if name != image and holds_labels(name)],
        ("label", "fine_label", "labels"))
    if not holds_images(image):
        raise UsageError(f"{file}: column `{image}` is of {schema.field(image).type}, expected encoded images (binary, or a struct with `bytes`)")
    if not holds_labels(label):
        raise UsageError(f"{file}: column `{label}` is of {schema.field(label).type}, expected integers or names")
    names = features.get(label, {}).get("names")
    is_named = isinstance(names, list) and all(isinstance(name, str) for name in names)
    return _Columns(image, label, tuple(names) if is_named else None)


def _labels(file: pathlib.Path, columns: _Columns) -> Iterator[Any]:
    with _open(file) as opened:
        for batch in opened.iter_batches(_ROWS * 64, columns=[columns.label]):
            yield from batch.column(0).to_pylist()


def _folders(columns: _Columns, splits: Dict[str, List[pathlib.Path]]) -> Dict[Any, str]:
    """The folder of each label, such that sorted they have the labels' order."""
    if columns.names is not None:
        names: Dict[Any, str] = dict(enumerate(columns.names))
    else:
        found = {value for files in splits.values() for file in files for value in _labels(file, columns)}
        if None in found:
            raise UsageError(f"column `{columns.label}`: some rows have no label; such a split cannot be measured on")
        if all(isinstance(value, int) for value in found):
            # A class without images is still one.
            names = {value: str(value) for value in range(min(0, *found), max(found) + 1)} if len(found) <= _LARGEST_CLASS_COUNT else {}
        else:
            names = {value: value for value in sorted(found)}
    if not 2 <= len(names) <= _LARGEST_CLASS_COUNT:
        raise UsageError(f"column `{columns.label}`: has {len(names)} classes, expected 2 to {_LARGEST_CLASS_COUNT}")
    safe = [re.sub(r"[\x00-\x1f\x7f/\\]", "_", name).strip()[:100] or "_" for name in names.values()]
    if safe != sorted(set(safe)) or any(name.startswith(".") for name in safe):
        digits = len(str(len(safe) - 1))
        safe = [f"{index:0{digits}d}" if name == str(index) else f"{index:0{digits}d} {name}" for index, name in enumerate(safe)]
    return dict(zip(names, safe))


def _write(files: Sequence[pathlib.Path], columns: _Columns, folders: Dict[Any, str], place: pathlib.Path) -> None:
    for name in folders.values():
        (place / name).mkdir(parents=True)
    row = 0
    for file in files:
        with _open(file) as opened:
            for batch in opened.iter_batches(_ROWS, columns=[columns.image, columns.label]):
                images, labels = batch.column(columns.image).to_pylist(), batch.column(columns.label).to_pylist()
                for encoded, label in zip(images, labels):
                    folder = folders.get(label)
                    if folder is None:
                        hidden = " (the labels of this split are hidden)" if label == -1 else ""
                        raise UsageError(f"{file}: row {row} has label {label!r}, expected one of {len(folders)}{hidden}")
                    data = encoded.get("bytes") if isinstance(encoded, dict) else encoded
                    if not data:
                        raise UsageError(
                            f"{file}: row {row} holds no image, expected its encoded bytes; files that hold only paths cannot be converted")
                    data, kind = _readable(data, file, row)
                    (place / folder / f"{row:08d}.{kind}").write_bytes(data)
                    row += 1
    if row == 0:
        raise UsageError(f"{files[0]}: holds no rows")


def _readable(data: bytes, file: pathlib.Path, row: int) -> Tuple[bytes, str]:
    """The image in a format that pags-bench reads, and the format's ending."""
    for start, kind in _KINDS:
        if data.startswith(start):
            return data, kind
    if _WEBP.match(data):
        return _png(data, file, row), "png"
    other = next((name for start, name in _OTHER_KINDS if data.startswith(start)), "something else")
    raise UsageError(f"{file}: the image of row {row} is {other}, expected PNG, JPEG or WebP; encode the images as PNG first")


def _png(data: bytes, file: pathlib.Path, row: int) -> bytes:
    """A PNG file of the pixels of an image that Pillow decodes."""
    try:
        from PIL import Image, features
    except ImportError as error:
        raise UsageError(
            f"{file}: the image of row {row} is WebP, which Pillow decodes, and that is not installed; pip install pillow") from error
    if not features.check("webp"):
        raise UsageError(f"{file}: the image of row {row} is WebP, which this Pillow was built without; pip install pillow")
    try:
        with Image.open(io.BytesIO(data), formats=["WEBP"]) as image:
            if getattr(image, "n_frames", 1) > 1:
                raise UsageError(f"{file}: the image of row {row} is an animation, expected one picture")
            # Transparency is kept, and refused where the files are read: nothing says what is behind it.
            encoded = io.BytesIO()
            image.save(encoded, "PNG")
            return encoded.getvalue()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UsageError(f"{file}: the image of row {row} cannot be decoded as WebP: {error}; is the file complete?") from error


def main(arguments: Sequence[str]) -> None:
    """`python -m pags_bench parquet`."""
    parser = argparse.ArgumentParser(
        prog="pags-bench parquet", description="Writes the images of Parquet files, as Hugging Face keeps data sets, into folders.")
    parser.add_argument("sources", nargs="+", metavar="FILE", help="a .parquet file, or a folder with such files")
    parser.add_argument("--output", required=True, metavar="DIR", help="the folder to make")
    parser.add_argument("--image", metavar="COLUMN", help="the column of images (default: found)")
    parser.add_argument("--label", metavar="COLUMN", help="the column of labels (default: found)")
    options = parser.parse_args(arguments)
    try:
        folder = convert_parquet(options.sources, options.output, image=options.image, label=options.label)
    except PagsBenchError as error:
        sys.exit(f"pags-bench: {error}")
    print(f"wrote {folder}")
    splits = {path.name for path in folder.iterdir() if path.is_dir()}
    missing = [name for name, names in (("train", {"train"}), ("test", {"test", "val"})) if not splits & names]
    if missing:
        print(
            f"{folder} has no images of {missing[0]}, which every task needs too: convert the files of both splits together, into a folder that is "
            "not there yet", file=sys.stderr)
        return
    place = shlex.quote(str(folder))
    print(f"next: pags-bench tasks describe {place}")
    print(f"   or, of CIFAR-10, CIFAR-100 and MNIST: pags-bench evaluate MODEL --task cifar10 --data {place}    (or cifar100, or mnist)")
