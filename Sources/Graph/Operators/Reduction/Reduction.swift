import Tensor

/// The traversal that reductions share.
struct Reduction {
  private let outer: Shape
  private let outerStrides: [Int]
  /// The reduced elements of one output: rows of equally spaced elements.
  private let rows: Shape
  private let rowStrides: [Int]
  private let length: Int
  private let step: Int

  /// - Parameters:
  ///   - strides: of the input; row-major ones if nil.
  ///   - axes: ascending.
  init(_ shape: Shape, strides: [Int]? = nil, axes: [Int]) {
    let strides = strides ?? shape.strides
    let kept = (0..<shape.rank).filter { !axes.contains($0) }
    outer = Shape(kept.map { shape[$0] })
    outerStrides = kept.map { strides[$0] }
    let (inner, innerStrides) = Shape(axes.map { shape[$0] }).joiningAxes(axes.map { strides[$0] })
    length = inner.dimensions.last ?? 1
    step = innerStrides.last ?? 1
    rows = Shape(Array(inner.dimensions.dropLast()))
    rowStrides = innerStrides.dropLast()
  }

  /// Calls `body` with each output's index and the offset of its first input element, over the threads of `kernel`.
  @inline(__always)
  func forEachOutput(_ kernel: KernelArguments, _ body: (_ index: Int, _ base: Int) -> Void) {
    let work = rows.count * length
    kernel.forEachBlock(of: outer.count, blockSize: KernelArguments.blockSize(work: work)) { range, _ in
      var index = range.lowerBound
      outer.forEachOffset(outerStrides, outerStrides, range) { base, _ in
        body(index, base)
        index += 1
      }
    }
  }

  /// Calls `body` with the rows of input elements that belong to the output at `base`.
  @inline(__always)
  func forEachRow(from base: Int, _ body: (_ offset: Int, _ length: Int, _ step: Int) -> Void) {
    if rows.rank == 0 {
      body(base, length, step)
    } else {
      rows.forEachOffset(rowStrides, rowStrides) { offset, _ in body(base + offset, length, step) }
    }
  }
}

extension Shape {
  func reduced(over axes: [Int]) -> Shape {
    Shape(dimensions.enumerated().map { axes.contains($0.offset) ? 1 : $0.element })
  }

  /// Whether `axes` are axes of this shape, ascending and each once.
  func hasAxes(_ axes: [Int]) -> Bool {
    axes.allSatisfy { $0 >= 0 && $0 < rank } && zip(axes, axes.dropFirst()).allSatisfy { $0 < $1 }
  }

  /// Joins neighbouring axes that `strides` traverse as one, and drops those of extent 1, so that rows are long.
  func joiningAxes(_ strides: [Int]) -> (shape: Shape, strides: [Int]) {
    var extents: [Int] = []
    var steps: [Int] = []
    for axis in 0..<rank where self[axis] != 1 {
      if let last = steps.last, last == strides[axis] * self[axis] {
        extents[extents.count - 1] *= self[axis]
        steps[steps.count - 1] = strides[axis]
      } else {
        extents.append(self[axis])
        steps.append(strides[axis])
      }
    }
    return (Shape(extents), steps)
  }
}
