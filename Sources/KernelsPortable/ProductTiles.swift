/// The sums of six rows, two vectors of columns each.
struct TileOf2 {
  var a0 = Vector.zero, a1 = Vector.zero, b0 = Vector.zero, b1 = Vector.zero, c0 = Vector.zero, c1 = Vector.zero
  var d0 = Vector.zero, d1 = Vector.zero, e0 = Vector.zero, e1 = Vector.zero, f0 = Vector.zero, f1 = Vector.zero

  @inline(__always)
  init(
    _ inner: Int, _ left: UnsafePointer<Float>, _ leftStride: Int, _ first: UnsafePointer<Float>,
    _ second: UnsafePointer<Float>
  ) {
    let (l0, l1, l2) = (left, left + leftStride, left + 2 &* leftStride)
    let (l3, l4, l5) = (left + 3 &* leftStride, left + 4 &* leftStride, left + 5 &* leftStride)
    for k in 0..<inner {
      let (x0, x1) = (load(first + k &* 16), load(second + k &* 16))
      let a = repeated(l0[k])
      accumulate(a, x0, &a0)
      accumulate(a, x1, &a1)
      let b = repeated(l1[k])
      accumulate(b, x0, &b0)
      accumulate(b, x1, &b1)
      let c = repeated(l2[k])
      accumulate(c, x0, &c0)
      accumulate(c, x1, &c1)
      let d = repeated(l3[k])
      accumulate(d, x0, &d0)
      accumulate(d, x1, &d1)
      let e = repeated(l4[k])
      accumulate(e, x0, &e0)
      accumulate(e, x1, &e1)
      let f = repeated(l5[k])
      accumulate(f, x0, &f0)
      accumulate(f, x1, &f1)
    }
  }

  /// Calls `body` with each sum and its row and vector.
  @inline(__always)
  func forEach(_ body: (_ row: Int, _ vector: Int, _ sum: Vector) -> Void) {
    body(0, 0, a0)
    body(0, 1, a1)
    body(1, 0, b0)
    body(1, 1, b1)
    body(2, 0, c0)
    body(2, 1, c1)
    body(3, 0, d0)
    body(3, 1, d1)
    body(4, 0, e0)
    body(4, 1, e1)
    body(5, 0, f0)
    body(5, 1, f1)
  }

  /// Adds what another part of the sums gave, rows of two vectors each.
  @inline(__always)
  mutating func add(_ earlier: UnsafePointer<Float>) {
    a0 = load(earlier + 0 &* width) + a0
    a1 = load(earlier + 1 &* width) + a1
    b0 = load(earlier + 2 &* width) + b0
    b1 = load(earlier + 3 &* width) + b1
    c0 = load(earlier + 4 &* width) + c0
    c1 = load(earlier + 5 &* width) + c1
    d0 = load(earlier + 6 &* width) + d0
    d1 = load(earlier + 7 &* width) + d1
    e0 = load(earlier + 8 &* width) + e0
    e1 = load(earlier + 9 &* width) + e1
    f0 = load(earlier + 10 &* width) + f0
    f1 = load(earlier + 11 &* width) + f1
  }
}

/// The sums of six rows, one vector of columns each.
struct TileOf1 {
  var a0 = Vector.zero, b0 = Vector.zero, c0 = Vector.zero
  var d0 = Vector.zero, e0 = Vector.zero, f0 = Vector.zero

  @inline(__always)
  init(_ inner: Int, _ left: UnsafePointer<Float>, _ leftStride: Int, _ columns: UnsafePointer<Float>) {
    let (l0, l1, l2) = (left, left + leftStride, left + 2 &* leftStride)
    let (l3, l4, l5) = (left + 3 &* leftStride, left + 4 &* leftStride, left + 5 &* leftStride)
    for k in 0..<inner {
      let x0 = load(columns + k &* 16)
      accumulate(repeated(l0[k]), x0, &a0)
      accumulate(repeated(l1[k]), x0, &b0)
      accumulate(repeated(l2[k]), x0, &c0)
      accumulate(repeated(l3[k]), x0, &d0)
      accumulate(repeated(l4[k]), x0, &e0)
      accumulate(repeated(l5[k]), x0, &f0)
    }
  }

  /// Calls `body` with each sum and its row and vector.
  @inline(__always)
  func forEach(_ body: (_ row: Int, _ vector: Int, _ sum: Vector) -> Void) {
    body(0, 0, a0)
    body(1, 0, b0)
    body(2, 0, c0)
    body(3, 0, d0)
    body(4, 0, e0)
    body(5, 0, f0)
  }

  /// Adds what another part of the sums gave, rows of two vectors each.
  @inline(__always)
  mutating func add(_ earlier: UnsafePointer<Float>) {
    a0 = load(earlier + 0 &* width) + a0
    b0 = load(earlier + 2 &* width) + b0
    c0 = load(earlier + 4 &* width) + c0
    d0 = load(earlier + 6 &* width) + d0
    e0 = load(earlier + 8 &* width) + e0
    f0 = load(earlier + 10 &* width) + f0
  }
}
