/// What files and folders of a split are called; the Python package takes the same names (`_parquet.py`).
enum SplitNames {
  static let all: Set<String> = [
    "train", "training", "test", "testing", "eval", "val", "valid", "validation", "dev",
  ]
}
