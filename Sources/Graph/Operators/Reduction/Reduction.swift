import Tensor

/// The traversal that reductions share.
struct Reduction {
  private let outer: Shape
  private let outerStrides: [Int]
  private let inner: Shape
  private let innerStrides: [Int]

  init(_ shape: Shape, axes: [Int]) {
    let strides = shape.strides
    let kept = (0..<shape.rank).filter { !axes.contains($0) }
    outer = Shape(kept.map { shape[$0] })
    outerStrides = kept.map { strides[$0] }
    // Neighbouring reduced axes join to one, so that rows are long.
    var extents: [Int] = []
    var steps: [Int] = []
    for axis in axes {
      if let last = extents.last, steps[steps.count - 1] == strides[axis] * shape[axis] {
        extents[extents.count - 1] = last * shape[axis]
        steps[steps.count - 1] = strides[axis]
      } else {
        extents.append(shape[axis])
        steps.append(strides[axis])
      }
    }
    inner = Shape(extents)
    innerStrides = steps
  }

  /// Calls `body` with each output's index and the offset of its first input element.
  @inline(__always)
  func forEachOutput(_ body: (_ index: Int, _ base: Int) -> Void) {
    var index = 0
    outer.forEachOffset(outerStrides, outerStrides) { base, _ in
      body(index, base)
      index += 1
    }
  }

  /// Calls `body` with the rows of input elements that belong to the output at `base`.
  @inline(__always)
  func forEachRow(from base: Int, _ body: (_ offset: Int, _ length: Int, _ step: Int) -> Void) {
    guard let length = inner.dimensions.last, let step = innerStrides.last else {
      body(base, 1, 1)
      return
    }
    let rows = Shape(Array(inner.dimensions.dropLast()))
    rows.forEachOffset(innerStrides, innerStrides) { offset, _ in body(base + offset, length, step) }
  }
}

extension Shape {
  func reduced(over axes: [Int]) -> Shape {
    Shape(dimensions.enumerated().map { axes.contains($0.offset) ? 1 : $0.element })
  }
}
