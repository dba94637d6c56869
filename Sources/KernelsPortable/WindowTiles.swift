import CPrefetch

// The tiles of `ProductTiles.swift`, of rows that are made of pieces.

/// Of the terms from `start`, where a piece begins, to `end`, where one ends.
@inline(__always)
func windowTileOf2(
  _ start: Int, _ end: Int, _ pieceOffsets: UnsafePointer<Int>, _ pieceEnds: UnsafePointer<Int>, _ pixels: SixRows,
  _ first: UnsafePointer<Float>, _ second: UnsafePointer<Float>, fetches: Bool, ahead: Int
) -> TileOf2 {
  var a0 = Vector.zero, a1 = Vector.zero, b0 = Vector.zero, b1 = Vector.zero, c0 = Vector.zero, c1 = Vector.zero
  var d0 = Vector.zero, d1 = Vector.zero, e0 = Vector.zero, e1 = Vector.zero, f0 = Vector.zero, f1 = Vector.zero
  var (k, piece) = (start, 0)
  while k < end {
    let rows = moved(pixels, pieceOffsets[piece])
    let pieceEnd = pieceEnds[piece]
    while k < pieceEnd {
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
    piece &+= 1
  }
  return (a0, a1, b0, b1, c0, c1, d0, d1, e0, e1, f0, f1)
}

@inline(__always)
func windowTileOf1(
  _ start: Int, _ end: Int, _ pieceOffsets: UnsafePointer<Int>, _ pieceEnds: UnsafePointer<Int>, _ pixels: SixRows,
  _ columns: UnsafePointer<Float>
) -> TileOf1 {
  var a0 = Vector.zero, b0 = Vector.zero, c0 = Vector.zero
  var d0 = Vector.zero, e0 = Vector.zero, f0 = Vector.zero
  var (k, piece) = (start, 0)
  while k < end {
    let rows = moved(pixels, pieceOffsets[piece])
    let pieceEnd = pieceEnds[piece]
    while k < pieceEnd {
      let x0 = load(columns + k &* 16)
      accumulate(repeated(rows.r0[k]), x0, &a0)
      accumulate(repeated(rows.r1[k]), x0, &b0)
      accumulate(repeated(rows.r2[k]), x0, &c0)
      accumulate(repeated(rows.r3[k]), x0, &d0)
      accumulate(repeated(rows.r4[k]), x0, &e0)
      accumulate(repeated(rows.r5[k]), x0, &f0)
      k &+= 1
    }
    piece &+= 1
  }
  return (a0, b0, c0, d0, e0, f0)
}

/// The same of twelve pixels at once.
@inline(__always)
func windowTilesOf1(
  _ start: Int, _ end: Int, _ pieceOffsets: UnsafePointer<Int>, _ pieceEnds: UnsafePointer<Int>, _ pixels: SixRows,
  _ others: SixRows, _ columns: UnsafePointer<Float>
) -> (TileOf1, TileOf1) {
  var a0 = Vector.zero, b0 = Vector.zero, c0 = Vector.zero, d0 = Vector.zero, e0 = Vector.zero, f0 = Vector.zero
  var a1 = Vector.zero, b1 = Vector.zero, c1 = Vector.zero, d1 = Vector.zero, e1 = Vector.zero, f1 = Vector.zero
  var (k, piece) = (start, 0)
  while k < end {
    let rows = moved(pixels, pieceOffsets[piece])
    let further = moved(others, pieceOffsets[piece])
    let pieceEnd = pieceEnds[piece]
    while k < pieceEnd {
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
    piece &+= 1
  }
  return ((a0, b0, c0, d0, e0, f0), (a1, b1, c1, d1, e1, f1))
}
