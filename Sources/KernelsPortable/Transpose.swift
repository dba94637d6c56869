/// `output[column][row] = source[row][column]`.
///
/// - Parameters: rows of the source are `sourceStride` apart, rows of the output `outputStride`.
@inline(never)
public func transpose(
  rows: Int, columns: Int, source: UnsafePointer<Float>, sourceStride: Int, output: UnsafeMutablePointer<Float>,
  outputStride: Int
) {
  if rows == 3, outputStride == 3 {
    interleave(columns, source, source + sourceStride, source + 2 &* sourceStride, output)
    return
  }
  var row = 0
  while row < rows {
    // What is left of rows and of columns is done together with some that are done already, where there are enough.
    if row &+ width > rows {
      if rows < width { break }
      row = rows &- width
    }
    let line = source + row &* sourceStride
    let target = output + row
    var column = 0
    // Narrow images have few columns: then a vector is loaded from two or four rows.
    while width >= 16, column &+ 16 <= columns {
      transpose16(line + column, sourceStride, target + column &* outputStride, outputStride)
      column &+= 16
    }
    while width >= 8, column &+ 8 <= columns {
      transpose8(line + column, sourceStride, target + column &* outputStride, outputStride)
      column &+= 8
    }
    while column &+ 4 <= columns {
      transpose4(line + column, sourceStride, target + column &* outputStride, outputStride)
      column &+= 4
    }
    if column < columns, columns >= 4 {
      column = columns &- 4
      transpose4(line + column, sourceStride, target + column &* outputStride, outputStride)
      column = columns
    }
    while column < columns {
      for lane in 0..<width { target[column &* outputStride &+ lane] = line[lane &* sourceStride &+ column] }
      column &+= 1
    }
    row &+= width
  }
  while row < rows {
    for column in 0..<columns { output[column &* outputStride &+ row] = source[row &* sourceStride &+ column] }
    row &+= 1
  }
}

/// Three planes, those of most images, to pixels.
@inline(__always)
private func interleave(
  _ count: Int, _ first: UnsafePointer<Float>, _ second: UnsafePointer<Float>, _ third: UnsafePointer<Float>,
  _ output: UnsafeMutablePointer<Float>
) {
  var pixel = 0
  while pixel < count {
    output[3 &* pixel] = first[pixel]
    output[3 &* pixel &+ 1] = second[pixel]
    output[3 &* pixel &+ 2] = third[pixel]
    pixel &+= 1
  }
}

// A block of `width` rows and C columns fills C vectors; the first holds the first width / C rows, and so on. Read as digits,
// the place of a number is (row, column). Interleaving the first half of the vectors with the second moves the first digit of
// two behind the last one, so after as many turns as a row number has digits the place is (column, row).
//
// The vectors are tuples: a struct would have metadata, which the linker may share with the other instruction sets.

private typealias Four = (x: Vector, y: Vector, z: Vector, w: Vector)

@inline(__always)
private func transpose16(
  _ source: UnsafePointer<Float>, _ stride: Int, _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
) {
  func rows(_ first: Int) -> Four {
    let source = source + first &* stride
    return (load(source), load(source + stride), load(source + 2 &* stride), load(source + 3 &* stride))
  }
  var (a, b, c, d) = (rows(0), rows(4), rows(8), rows(12))
  for _ in 0..<width.trailingZeroBitCount {
    (a, b, c, d) = (
      interleaved(a.x, a.y, c.x, c.y), interleaved(a.z, a.w, c.z, c.w), interleaved(b.x, b.y, d.x, d.y),
      interleaved(b.z, b.w, d.z, d.w)
    )
  }
  store(a, output, outputStride)
  store(b, output + 4 &* outputStride, outputStride)
  store(c, output + 8 &* outputStride, outputStride)
  store(d, output + 12 &* outputStride, outputStride)
}

@inline(__always)
private func transpose8(
  _ source: UnsafePointer<Float>, _ stride: Int, _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
) {
  func rows(_ first: Int) -> Four {
    let (source, step) = (source + first &* (width / 8) &* stride, width / 8 &* stride)
    return (
      loadRows8(source, stride), loadRows8(source + step, stride), loadRows8(source + 2 &* step, stride),
      loadRows8(source + 3 &* step, stride)
    )
  }
  var (a, b) = (rows(0), rows(4))
  for _ in 0..<width.trailingZeroBitCount {
    (a, b) = (interleaved(a.x, a.y, b.x, b.y), interleaved(a.z, a.w, b.z, b.w))
  }
  store(a, output, outputStride)
  store(b, output + 4 &* outputStride, outputStride)
}

@inline(__always)
private func transpose4(
  _ source: UnsafePointer<Float>, _ stride: Int, _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
) {
  let step = width / 4 &* stride
  var a: Four = (
    loadRows4(source, stride), loadRows4(source + step, stride), loadRows4(source + 2 &* step, stride),
    loadRows4(source + 3 &* step, stride)
  )
  for _ in 0..<width.trailingZeroBitCount { a = interleaved(a.x, a.y, a.z, a.w) }
  store(a, output, outputStride)
}

/// `a0 c0 a1 c1 ...`, and the same of b and d.
@inline(__always)
private func interleaved(_ a: Vector, _ b: Vector, _ c: Vector, _ d: Vector) -> Four {
  var four: Four = (a, a, b, b)
  (four.x.evenHalf, four.x.oddHalf) = (a.lowHalf, c.lowHalf)
  (four.y.evenHalf, four.y.oddHalf) = (a.highHalf, c.highHalf)
  (four.z.evenHalf, four.z.oddHalf) = (b.lowHalf, d.lowHalf)
  (four.w.evenHalf, four.w.oddHalf) = (b.highHalf, d.highHalf)
  return four
}

@inline(__always)
private func store(_ vectors: Four, _ output: UnsafeMutablePointer<Float>, _ stride: Int) {
  store(vectors.x, output)
  store(vectors.y, output + stride)
  store(vectors.z, output + 2 &* stride)
  store(vectors.w, output + 3 &* stride)
}
