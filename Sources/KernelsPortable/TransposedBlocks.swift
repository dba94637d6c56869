// Blocks of `width` rows and C columns in C vectors: the first holds the first width / C rows, and so on. Read as digits, the
// place of a number is (row, column). A turn of the digits moves the first digit of two behind the last one, so after as many
// turns as a row number has digits the place is (column, row), and every vector is a column.

/// 16 columns, in two halves.
@inline(__always)
func transposedColumns16(_ source: UnsafePointer<Float>, _ stride: Int) -> (low: Eight, high: Eight) {
  var low = Eight(source, stride, load)
  var high = Eight(source + 8 &* stride, stride, load)
  for _ in 0..<width.trailingZeroBitCount {
    let (a, b) = (low, high)
    (low.low.x, low.low.y) = interleaved(a.low.x, b.low.x)
    (low.low.z, low.low.w) = interleaved(a.low.y, b.low.y)
    (low.high.x, low.high.y) = interleaved(a.low.z, b.low.z)
    (low.high.z, low.high.w) = interleaved(a.low.w, b.low.w)
    (high.low.x, high.low.y) = interleaved(a.high.x, b.high.x)
    (high.low.z, high.low.w) = interleaved(a.high.y, b.high.y)
    (high.high.x, high.high.y) = interleaved(a.high.z, b.high.z)
    (high.high.z, high.high.w) = interleaved(a.high.w, b.high.w)
  }
  return (low, high)
}

@inline(__always)
func transposedColumns8(_ source: UnsafePointer<Float>, _ stride: Int) -> Eight {
  let rows = width / 8
  var block = Eight(source, rows &* stride) { loadRows8($0, stride) }
  for _ in 0..<width.trailingZeroBitCount {
    let (a, b) = (block.low, block.high)
    (block.low.x, block.low.y) = interleaved(a.x, b.x)
    (block.low.z, block.low.w) = interleaved(a.y, b.y)
    (block.high.x, block.high.y) = interleaved(a.z, b.z)
    (block.high.z, block.high.w) = interleaved(a.w, b.w)
  }
  return block
}

@inline(__always)
func transposedColumns4(_ source: UnsafePointer<Float>, _ stride: Int) -> Four {
  let rows = width / 4
  var block = Four(source, rows &* stride) { loadRows4($0, stride) }
  for _ in 0..<width.trailingZeroBitCount {
    let whole = block
    (block.x, block.y) = interleaved(whole.x, whole.z)
    (block.z, block.w) = interleaved(whole.y, whole.w)
  }
  return block
}

/// `a0 b0 a1 b1 ...`
@inline(__always)
private func interleaved(_ a: Vector, _ b: Vector) -> (Vector, Vector) {
  var (first, second) = (a, b)
  (first.evenHalf, first.oddHalf) = (a.lowHalf, b.lowHalf)
  (second.evenHalf, second.oddHalf) = (a.highHalf, b.highHalf)
  return (first, second)
}

struct Four {
  var x: Vector, y: Vector, z: Vector, w: Vector

  @inline(__always)
  init(_ source: UnsafePointer<Float>, _ stride: Int, _ load: (UnsafePointer<Float>) -> Vector) {
    x = load(source)
    y = load(source + stride)
    z = load(source + 2 &* stride)
    w = load(source + 3 &* stride)
  }

  /// Calls `body` with the number of each vector, counted from `first`.
  @inline(__always)
  func forEach(from first: Int, _ body: (Int, Vector) -> Void) {
    body(first, x)
    body(first &+ 1, y)
    body(first &+ 2, z)
    body(first &+ 3, w)
  }

  @inline(__always)
  func store(_ output: UnsafeMutablePointer<Float>, _ stride: Int) {
    forEach(from: 0) { put($1, output + $0 &* stride, false) }
  }
}

struct Eight {
  var low: Four, high: Four

  @inline(__always)
  init(_ source: UnsafePointer<Float>, _ stride: Int, _ load: (UnsafePointer<Float>) -> Vector) {
    low = Four(source, stride, load)
    high = Four(source + 4 &* stride, stride, load)
  }

  @inline(__always)
  func forEach(from first: Int, _ body: (Int, Vector) -> Void) {
    low.forEach(from: first, body)
    high.forEach(from: first &+ 4, body)
  }

  @inline(__always)
  func store(_ output: UnsafeMutablePointer<Float>, _ stride: Int) {
    low.store(output, stride)
    high.store(output + 4 &* stride, stride)
  }
}
