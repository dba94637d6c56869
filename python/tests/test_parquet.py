"""Data sets in Parquet files, with the schema and the metadata that Hugging Face's `datasets` writes."""

import io
import json
import struct
import subprocess
import sys
import zlib

import pytest
from conftest import optional

import pags_bench

pa = optional("pyarrow", "Parquet files are not tried")
pq = optional("pyarrow.parquet", "Parquet files are not tried")


def png(value, side=8, channels=3):
    """A picture of one colour."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = (b"\0" + bytes([value, 255 - value, 7][:channels]) * side) * side
    header = struct.pack(">IIBBBBB", side, side, 8, 2 if channels == 3 else 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def write(path, rows, *, image="img", label="label", names=None, metadata=True, row_group_size=3):
    """As `Dataset.to_parquet` does: images as structs of bytes and path, features in the schema's metadata."""
    images = pa.array([{"bytes": data, "path": f"{index}.png"} for index, (data, _) in enumerate(rows)],
                      pa.struct([("bytes", pa.binary()), ("path", pa.string())]))
    labels = pa.array([value for _, value in rows])
    table = pa.table({image: images, label: labels})
    if metadata:
        features = {image: {"_type": "Image"}, label: {"names": names, "_type": "ClassLabel"}}
        table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, row_group_size=row_group_size)


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_several_files_in_order_with_the_classes_of_the_metadata(tmp_path):
    names = ["airplane", "bird", "cat"]
    rows = [(png(index), index % 3) for index in range(11)]
    data = tmp_path / "data"
    write(data / "train-00000-of-00002.parquet", rows[:5], names=names)
    write(data / "train-00001-of-00002.parquet", rows[5:9], names=names)
    write(data / "test-00000-of-00001.parquet", rows[9:], names=names)
    folder = pags_bench.convert_parquet(data, tmp_path / "images")
    expected = {f"train/{names[value]}/{index:08d}.png": image for index, (image, value) in enumerate(rows[:9])}
    expected.update({f"test/{names[value]}/{index:08d}.png": image for index, (image, value) in enumerate(rows[9:])})
    assert contents(folder) == expected
    # A class that a split has no image of is one all the same.
    assert sorted(path.name for path in (folder / "test").iterdir()) == names


def test_folders_sort_as_the_labels_do(tmp_path):
    rows = [(png(index), index % 3) for index in range(6)]
    for split in ("train", "validation"):
        write(tmp_path / "set" / split / "0000.parquet", rows, image="image", names=["tench, Tinca tinca", "goldfish", "a/b"])
    folder = pags_bench.convert_parquet(tmp_path / "set", tmp_path / "images")
    assert sorted(path.name for path in (folder / "val").iterdir()) == ["0 tench, Tinca tinca", "1 goldfish", "2 a_b"]


def test_without_metadata(tmp_path):
    rows = [(png(index), index) for index in range(12)]
    write(tmp_path / "train.parquet", rows, image="image", metadata=False)
    write(tmp_path / "test.parquet", rows, image="image", metadata=False)
    folder = pags_bench.convert_parquet([tmp_path / "train.parquet", tmp_path / "test.parquet"], tmp_path / "images")
    assert sorted(path.name for path in (folder / "train").iterdir()) == [f"{index:02d}" for index in range(12)]


def test_webp_becomes_png_of_the_same_pixels(tmp_path):
    image = optional("PIL.Image", "WebP is not tried")
    if not optional("PIL.features", "WebP is not tried").check("webp"):
        pytest.skip("this Pillow has no WebP")
    pictures = []
    for quality in (30, 90):
        picture = image.frombytes("RGB", (9, 7), bytes(range(189)))
        encoded = io.BytesIO()
        picture.save(encoded, "WEBP", quality=quality, lossless=quality == 90)
        pictures.append(encoded.getvalue())
    for split in ("train", "test"):
        write(tmp_path / f"{split}.parquet", [(data, index) for index, data in enumerate(pictures)], names=["a", "b"])
    folder = pags_bench.convert_parquet([tmp_path / "train.parquet", tmp_path / "test.parquet"], tmp_path / "images")
    for path, data in zip(sorted(folder.rglob("train/*/*.png")), pictures):
        with image.open(path) as written, image.open(io.BytesIO(data)) as original:
            assert written.format == "PNG" and written.mode == original.mode and written.tobytes() == original.tobytes()
    assert len(list(folder.rglob("*.png"))) == 4


def test_broken_webp(tmp_path):
    optional("PIL.Image", "WebP is not tried")
    for split in ("train", "test"):
        write(tmp_path / f"{split}.parquet", [(b"RIFF\n\0\0\0WEBPVP8 no", 0)], names=["a", "b"])
    with pytest.raises(pags_bench.UsageError, match="row 0 cannot be decoded as WebP"):
        pags_bench.convert_parquet([tmp_path / "train.parquet", tmp_path / "test.parquet"], tmp_path / "images")
    assert not (tmp_path / "images").exists()


@pytest.mark.parametrize("words, change", [
    ("no such file", lambda folder: (folder / "train.parquet").unlink()),
    ("cannot be read as a Parquet file", lambda folder: (folder / "train.parquet").write_bytes(b"PAR1 no")),
    ("holds no image", lambda folder: write(folder / "train.parquet", [(None, 0)], names=["a", "b"])),
    ("is GIF, expected PNG, JPEG or WebP", lambda folder: write(folder / "train.parquet", [(b"GIF89a", 0)], names=["a", "b"])),
    ("labels of this split are hidden", lambda folder: write(folder / "train.parquet", [(png(1), -1)], names=["a", "b"])),
    ("has 1 classes", lambda folder: write(folder / "train.parquet", [(png(1), 0)], names=["a"])),
    ("has no column `pixels`", None),
])
def test_what_cannot_be_converted_leaves_nothing(tmp_path, words, change):
    folder = tmp_path / "in"
    write(folder / "train.parquet", [(png(1), 0), (png(2), 1)], names=["a", "b"])
    options = {}
    if change is None:
        options = {"image": "pixels"}
    else:
        change(folder)
    with pytest.raises(pags_bench.UsageError, match=words):
        pags_bench.convert_parquet(folder / "train.parquet", tmp_path / "out", **options)
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "work") == ["in"]


def test_files_of_unknown_or_incomplete_splits(tmp_path):
    write(tmp_path / "a" / "part.parquet", [(png(1), 0), (png(2), 1)], names=["a", "b"])
    with pytest.raises(pags_bench.UsageError, match="which split"):
        pags_bench.convert_parquet(tmp_path / "a", tmp_path / "out")
    write(tmp_path / "b" / "train-00000-of-00002.parquet", [(png(1), 0), (png(2), 1)], names=["a", "b"])
    with pytest.raises(pags_bench.UsageError, match="has 1 files of train, expected 2"):
        pags_bench.convert_parquet(tmp_path / "b", tmp_path / "out")


def run(*arguments):
    return subprocess.run([sys.executable, "-m", "pags_bench", *map(str, arguments)], capture_output=True, text=True, check=False)


def test_from_a_parquet_file_to_a_task_by_what_the_messages_say(tmp_path):
    names = ["dark", "light"]
    rows = [(png(40 * (index % 2) + index), index % 2) for index in range(24)]
    write(tmp_path / "set" / "train-00000-of-00001.parquet", rows, names=names)
    write(tmp_path / "set" / "test-00000-of-00001.parquet", rows[:8], names=names)
    for refused in (run("tasks", "describe", tmp_path / "set"),
                    run("tasks", "describe", tmp_path / "set" / "train-00000-of-00001.parquet"),
                    run("evaluate", "bayes", "--task", "cifar10", "--data", tmp_path / "set")):
        assert refused.returncode == 1 and "python -m pags_bench parquet" in refused.stderr, refused.stderr
    made = run("parquet", tmp_path / "set", "--output", tmp_path / "images")
    assert made.returncode == 0 and "tasks describe" in made.stdout, made.stderr
    described = run("tasks", "describe", tmp_path / "images", "--quiet")
    assert described.returncode == 0 and "3 x 8 x 8, 2 classes" in described.stdout, described.stderr
    assert json.loads((tmp_path / "images" / "task.json").read_text())["classes"] == names
    again = run("parquet", tmp_path / "set", "--output", tmp_path / "images")
    assert again.returncode == 1 and "is there already" in again.stderr


def test_what_the_owner_calls_the_data_comes_along(tmp_path):
    rows = [(png(index), index % 2) for index in range(4)]
    for split in ("train", "test"):
        write(tmp_path / "set" / split / "0000.parquet", rows, names=["a", "b"])
    (tmp_path / "set" / "own-data.txt").write_text("two colours\n")
    folder = pags_bench.convert_parquet(tmp_path / "set", tmp_path / "images")
    assert (folder / "own-data.txt").read_text() == "two colours\n"
    # Beside one file of several that are named, too; two that disagree are nobody's name.
    (tmp_path / "set" / "train" / "own-data.txt").write_text("others\n")
    files = sorted((tmp_path / "set").rglob("*.parquet"))
    assert (pags_bench.convert_parquet(files, tmp_path / "files") / "own-data.txt").read_text() == "others\n"
    assert not (pags_bench.convert_parquet(tmp_path / "set", tmp_path / "both") / "own-data.txt").exists()


def test_one_split_alone_is_said_to_be_no_data_set(tmp_path, capfd):
    from pags_bench._parquet import main

    rows = [(png(index), index % 2) for index in range(4)]
    for split in ("train", "test"):
        write(tmp_path / f"{split}.parquet", rows, names=["a", "b"])
    main([str(tmp_path / "test.parquet"), "--output", str(tmp_path / "one")])
    said = capfd.readouterr()
    assert "has no images of train" in said.err and "next:" not in said.out
    main([str(tmp_path), "--output", str(tmp_path / "its images")])
    said = capfd.readouterr()
    assert f"next: pags-bench tasks describe '{tmp_path / 'its images'}'" in said.out and "(or cifar100, or mnist)" in said.out and not said.err
