import Graph
import Tensor

/// A function of two numbers, elementwise with NumPy's broadcasting.
struct BinaryKernel<Function: BinaryFunction>: CPUKernel {
  private let function: Function
  private let way: Way
  let layoutSupport: LayoutSupport

  /// How the operands are read.
  private enum Way {
    /// Both as the output is written.
    case alike
    /// The left one as the output is written, and one number.
    case number
    /// Rows along the last axis of memory; each operand's row is contiguous or one repeated number.
    case rows(planar: Rows, channelsLast: Rows?)
  }

  private struct Rows {
    let leftStrides: [Int]
    let rightStrides: [Int]
    let length: Int
    let leftStep: Int
    let rightStep: Int
    let outer: Shape
  }

  init(_ function: Function, left: Shape, right: Shape, output: Shape) {
    self.function = function
    // Beside images, numbers for every channel, for every image and channel, or for every pixel, which lie alike in both layouts.
    let shapes = [left, right]
    let liesAlike = shapes.allSatisfy {
      $0 == output || $0.rank < 3 && $0.count == 1 || $0.dimensions.suffix(2) == [1, 1]
        || $0.rank >= 3 && $0[$0.rank - 3] == 1
    }
    var support = LayoutSupport()
    if left == output && right == output {
      way = .alike
    } else if left == output && right.count == 1 {
      way = .number
    } else {
      var channelsLast: Rows?
      if output.rank == 4, liesAlike, let image = shapes.firstIndex(of: output) {
        support = LayoutSupport(output: 0, likeOutput: [image])
        channelsLast = Self.rows(.channelsLast, shapes, output)
      }
      way = .rows(planar: Self.rows(.planar, shapes, output), channelsLast: channelsLast)
    }
    layoutSupport = support
  }

  func evaluate(_ arguments: KernelArguments) {
    let left = arguments.inputs[0]
    let right = arguments.inputs[1]
    let output = arguments.output
    let count = arguments.outputShape.count
    let blockSize = KernelArguments.blockSize(work: 1)
    switch way {
    case .alike:
      arguments.forEachBlock(of: count, blockSize: blockSize) { range, _ in
        function.apply(
          range.count, left + range.lowerBound, right + range.lowerBound, output + range.lowerBound)
      }
    case .number:
      let value = right[0]
      arguments.forEachBlock(of: count, blockSize: blockSize) { range, _ in
        function.apply(range.count, left + range.lowerBound, value, output + range.lowerBound)
      }
    case .rows(let planar, let channelsLast):
      let rows = arguments.layouts.output == .channelsLast ? channelsLast ?? planar : planar
      let length = rows.length
      arguments.forEachBlock(of: rows.outer.count, blockSize: KernelArguments.blockSize(work: length)) { range, _ in
        var row = range.lowerBound
        rows.outer.forEachOffset(rows.leftStrides, rows.rightStrides, range) { leftOffset, rightOffset in
          let a = left + leftOffset
          let b = right + rightOffset
          let target = output + row * length
          switch (rows.leftStep, rows.rightStep) {
          case (1, 1): function.apply(length, a, b, target)
          case (1, _): function.apply(length, a, b[0], target)
          case (_, 1): function.apply(length, a[0], b, target)
          default:
            let value = function(a[0], b[0])
            for index in 0..<length { target[index] = value }
          }
          row += 1
        }
      }
    }
  }

  /// Joins trailing axes that both operands traverse alike, so that `[N, C, H, W]` with `[C, 1, 1]` has rows of H * W, or of C
  /// where channels are last. Axes of one element are none: the weights of a 1x1 convolution with `[K, 1, 1, 1]` have rows of C.
  private static func rows(_ layout: ImageLayout, _ shapes: [Shape], _ output: Shape) -> Rows {
    let order = layout.axes(rank: output.rank).filter { output[$0] != 1 }
    // An operand of the output's shape lies as the output does; of the others only the channels' axis is longer than one, or all but it.
    let strides = shapes.map { shape in
      let strides = shape == output ? layout.strides(of: shape) : shape.broadcastStrides(to: output)
      return order.map { strides[$0] }
    }
    let (left, right, shape) = (strides[0], strides[1], order.map { output[$0] })
    guard var axis = shape.indices.last else {
      return Rows(leftStrides: [], rightStrides: [], length: 1, leftStep: 0, rightStep: 0, outer: [])
    }
    var length = shape[axis]
    let (leftStep, rightStep) = (left[axis], right[axis])
    while axis > 0, left[axis - 1] == leftStep * length, right[axis - 1] == rightStep * length {
      axis -= 1
      length *= shape[axis]
    }
    return Rows(
      leftStrides: left, rightStrides: right, length: length, leftStep: leftStep, rightStep: rightStep,
      outer: Shape(Array(shape[..<axis])))
  }
}
