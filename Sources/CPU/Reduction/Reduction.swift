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

  /// Calls `body` with each output's index and the offset of its first input element, over the threads of `arguments`.
  @inline(__always)
  func forEachOutput(_ arguments: KernelArguments, _ body: (_ index: Int, _ base: Int) -> Void) {
    let work = rows.count * length
    arguments.forEachBlock(of: outer.count, blockSize: KernelArguments.blockSize(work: work)) { range, _ in
      var index = range.lowerBound
      outer.forEachOffset(outerStrides, outerStrides, range) { base, _ in
        body(index, base)
        index += 1
      }
    }
  }

  /// Calls `body` with the indices of up to eight outputs and the offset of each one's first input element, over the threads of
  /// `arguments`.
  @inline(__always)
  func forEachGroup(
    _ arguments: KernelArguments, _ body: (_ outputs: Range<Int>, _ bases: UnsafeBufferPointer<Int>) -> Void
  ) {
    let work = rows.count * length
    let blockSize = max(8, KernelArguments.blockSize(work: work))
    arguments.forEachBlock(of: outer.count, blockSize: blockSize) { range, _ in
      withUnsafeTemporaryAllocation(of: Int.self, capacity: 8) { bases in
        var index = range.lowerBound
        outer.forEachOffset(outerStrides, outerStrides, range) { base, _ in
          let lane = (index - range.lowerBound) % 8
          bases[lane] = base
          index += 1
          if lane == 7 || index == range.upperBound { body(index - lane - 1..<index, UnsafeBufferPointer(bases)) }
        }
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
