import CPrefetch

/// Where a column of the right matrix begins in its panels of 16.
@inline(__always)
func placeInPanels(_ column: Int, _ inner: Int) -> Int { column / 16 &* inner &* 16 &+ column % 16 }

/// Six rows of the left matrix.
typealias SixRows = (
  r0: UnsafePointer<Float>, r1: UnsafePointer<Float>, r2: UnsafePointer<Float>, r3: UnsafePointer<Float>,
  r4: UnsafePointer<Float>, r5: UnsafePointer<Float>
)

@inline(__always)
func sixRows(_ first: UnsafePointer<Float>, _ stride: Int) -> SixRows {
  (
    first, first + stride, first + 2 &* stride, first + 3 &* stride, first + 4 &* stride, first + 5 &* stride
  )
}

/// The sums of six rows of the left matrix, two vectors of columns each.
typealias TileOf2 = (
  a0: Vector, a1: Vector, b0: Vector, b1: Vector, c0: Vector, c1: Vector, d0: Vector, d1: Vector, e0: Vector,
  e1: Vector, f0: Vector, f1: Vector
)

/// Rows of a product that ask for the columns which come next, `ahead` terms on. The processor foresees how memory goes on, but not
/// where a product goes on after its last row: ResNet-18 is a quarter faster. Each term asks for its own, as all at once would be in the
/// way of what is needed first; more rows than these would only ask again.
let fetchingRows = 24

/// Of the terms from `start` on.
@inline(__always)
func tileOf2(
  _ start: Int, _ end: Int, _ rows: SixRows, _ first: UnsafePointer<Float>, _ second: UnsafePointer<Float>,
  fetches: Bool, ahead: Int
) -> TileOf2 {
  var a0 = Vector.zero, a1 = Vector.zero, b0 = Vector.zero, b1 = Vector.zero, c0 = Vector.zero, c1 = Vector.zero
  var d0 = Vector.zero, d1 = Vector.zero, e0 = Vector.zero, e1 = Vector.zero, f0 = Vector.zero, f1 = Vector.zero
  var k = start
  while k < end {
    let (x0, x1) = (load(first + k &* 16), load(second + k &* 16))
    if fetches {
      prefetch_line(first + (k &+ ahead) &* 16)
      prefetch_line(second + (k &+ ahead) &* 16)
    }
    let a = repeated(rows.r0[k])
    accumulate(a, x0, &a0)
    accumulate(a, x1, &a1)
    let b = repeated(rows.r1[k])
    accumulate(b, x0, &b0)
    accumulate(b, x1, &b1)
    let c = repeated(rows.r2[k])
    accumulate(c, x0, &c0)
    accumulate(c, x1, &c1)
    let d = repeated(rows.r3[k])
    accumulate(d, x0, &d0)
    accumulate(d, x1, &d1)
    let e = repeated(rows.r4[k])
    accumulate(e, x0, &e0)
    accumulate(e, x1, &e1)
    let f = repeated(rows.r5[k])
    accumulate(f, x0, &f0)
    accumulate(f, x1, &f1)
    k &+= 1
  }
  return (a0, a1, b0, b1, c0, c1, d0, d1, e0, e1, f0, f1)
}

/// With what another part of the sums gave, rows of two vectors each.
@inline(__always)
func added(_ tile: TileOf2, _ earlier: UnsafePointer<Float>) -> TileOf2 {
  (
    load(earlier + 0 &* width) + tile.a0,
    load(earlier + 1 &* width) + tile.a1,
    load(earlier + 2 &* width) + tile.b0,
    load(earlier + 3 &* width) + tile.b1,
    load(earlier + 4 &* width) + tile.c0,
    load(earlier + 5 &* width) + tile.c1,
    load(earlier + 6 &* width) + tile.d0,
    load(earlier + 7 &* width) + tile.d1,
    load(earlier + 8 &* width) + tile.e0,
    load(earlier + 9 &* width) + tile.e1,
    load(earlier + 10 &* width) + tile.f0,
    load(earlier + 11 &* width) + tile.f1
  )
}

/// Writes them, or adds them to what is there.
@inline(__always)
func write(_ tile: TileOf2, _ output: UnsafeMutablePointer<Float>, _ stride: Int, adds: Bool) {
  var row = output
  put(tile.a0, row, adds)
  put(tile.a1, row + width, adds)
  row += stride
  put(tile.b0, row, adds)
  put(tile.b1, row + width, adds)
  row += stride
  put(tile.c0, row, adds)
  put(tile.c1, row + width, adds)
  row += stride
  put(tile.d0, row, adds)
  put(tile.d1, row + width, adds)
  row += stride
  put(tile.e0, row, adds)
  put(tile.e1, row + width, adds)
  row += stride
  put(tile.f0, row, adds)
  put(tile.f1, row + width, adds)
}

/// The sums of six rows of the left matrix, one vector of columns each.
typealias TileOf1 = (
  a0: Vector, b0: Vector, c0: Vector, d0: Vector, e0: Vector, f0: Vector
)

/// Of the terms from `start` on.
@inline(__always)
func tileOf1(
  _ start: Int, _ end: Int, _ rows: SixRows, _ columns: UnsafePointer<Float>
) -> TileOf1 {
  var a0 = Vector.zero, b0 = Vector.zero, c0 = Vector.zero
  var d0 = Vector.zero, e0 = Vector.zero, f0 = Vector.zero
  var k = start
  while k < end {
    let x0 = load(columns + k &* 16)
    accumulate(repeated(rows.r0[k]), x0, &a0)
    accumulate(repeated(rows.r1[k]), x0, &b0)
    accumulate(repeated(rows.r2[k]), x0, &c0)
    accumulate(repeated(rows.r3[k]), x0, &d0)
    accumulate(repeated(rows.r4[k]), x0, &e0)
    accumulate(repeated(rows.r5[k]), x0, &f0)
    k &+= 1
  }
  return (a0, b0, c0, d0, e0, f0)
}

/// The same of twelve rows at once: sums of six alone wait for their own last terms.
@inline(__always)
func tilesOf1(
  _ start: Int, _ end: Int, _ rows: SixRows, _ further: SixRows, _ columns: UnsafePointer<Float>
) -> (TileOf1, TileOf1) {
  var a0 = Vector.zero, b0 = Vector.zero, c0 = Vector.zero, d0 = Vector.zero, e0 = Vector.zero, f0 = Vector.zero
  var a1 = Vector.zero, b1 = Vector.zero, c1 = Vector.zero, d1 = Vector.zero, e1 = Vector.zero, f1 = Vector.zero
  var k = start
  while k < end {
    let x0 = load(columns + k &* 16)
    accumulate(repeated(rows.r0[k]), x0, &a0)
    accumulate(repeated(rows.r1[k]), x0, &b0)
    accumulate(repeated(rows.r2[k]), x0, &c0)
    accumulate(repeated(rows.r3[k]), x0, &d0)
    accumulate(repeated(rows.r4[k]), x0, &e0)
    accumulate(repeated(rows.r5[k]), x0, &f0)
    accumulate(repeated(further.r0[k]), x0, &a1)
    accumulate(repeated(further.r1[k]), x0, &b1)
    accumulate(repeated(further.r2[k]), x0, &c1)
    accumulate(repeated(further.r3[k]), x0, &d1)
    accumulate(repeated(further.r4[k]), x0, &e1)
    accumulate(repeated(further.r5[k]), x0, &f1)
    k &+= 1
  }
  return ((a0, b0, c0, d0, e0, f0), (a1, b1, c1, d1, e1, f1))
}

/// With what another part of the sums gave, rows of two vectors each.
@inline(__always)
func added(_ tile: TileOf1, _ earlier: UnsafePointer<Float>) -> TileOf1 {
  (
    load(earlier + 0 &* width) + tile.a0,
    load(earlier + 2 &* width) + tile.b0,
    load(earlier + 4 &* width) + tile.c0,
    load(earlier + 6 &* width) + tile.d0,
    load(earlier + 8 &* width) + tile.e0,
    load(earlier + 10 &* width) + tile.f0
  )
}

/// Writes them, or adds them to what is there.
@inline(__always)
func write(_ tile: TileOf1, _ output: UnsafeMutablePointer<Float>, _ stride: Int, adds: Bool) {
  var row = output
  put(tile.a0, row, adds)
  row += stride
  put(tile.b0, row, adds)
  row += stride
  put(tile.c0, row, adds)
  row += stride
  put(tile.d0, row, adds)
  row += stride
  put(tile.e0, row, adds)
  row += stride
  put(tile.f0, row, adds)
}
