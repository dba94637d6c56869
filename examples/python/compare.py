"""Compares the models that the repository holds on its built-in task.

    pip install 'python/dist/pags_bench-VERSION.whl[pandas,progress]'
    python examples/python/compare.py [IMAGES]
"""

import pathlib
import sys

import pags_bench
import pandas

models = pathlib.Path(__file__).resolve().parents[2] / "models"
images = int(sys.argv[1]) if len(sys.argv) > 1 else 200
results = [pags_bench.evaluate(path, images=images) for path in sorted(models.glob("glyphs-*/model.ckpt"))]
table = pandas.DataFrame(
    [{"model": r.model.name, "regime": r.regime, "accuracy": r.accuracy.value, "R": r.R, "G": r.G} for r in results])
print(table.sort_values("accuracy", ascending=False).to_string(index=False, formatters={"R": str, "G": str}))
