import Graph
import Tensor

/// A function of two numbers, elementwise with NumPy's broadcasting.
struct BinaryKernel<Function: BinaryFunction>: CPUKernel {
  private let function: Function
  private let way: Way

  /// How the operands are read.
  private enum Way {
    /// Both as the output is written.
    case alike
    /// The left one as the output is written, and one number.
    case number
    /// Rows along the last axis; each operand's row is contiguous or one repeated number.
    case rows(Rows)
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
    if left == output && right == output {
      way = .alike
    } else if left == output && right.count == 1 {
      way = .number
    } else {
      let (leftStrides, rightStrides) = (left.broadcastStrides(to: output), right.broadcastStrides(to: output))
      let (length, leftStep, rightStep, outer) = Self.mergedRows(output, leftStrides, rightStrides)
      way = .rows(
        Rows(
          leftStrides: leftStrides, rightStrides: rightStrides, length: length, leftStep: leftStep,
          rightStep: rightStep, outer: outer))
    }
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
    case .rows(let rows):
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

  /// Joins trailing axes that both operands traverse alike, so that `[N, C, H, W]` with `[C, 1, 1]` has rows of H * W.
  private static func mergedRows(
    _ shape: Shape, _ leftStrides: [Int], _ rightStrides: [Int]
  ) -> (rowLength: Int, leftStep: Int, rightStep: Int, rows: Shape) {
    guard shape.rank > 0 else { return (1, 0, 0, []) }
    var axis = shape.rank - 1
    var length = shape[axis]
    let leftStep = leftStrides[axis]
    let rightStep = rightStrides[axis]
    while axis > 0, leftStrides[axis - 1] == leftStep * length, rightStrides[axis - 1] == rightStep * length {
      axis -= 1
      length *= shape[axis]
    }
    return (length, leftStep, rightStep, Shape(Array(shape.dimensions[..<axis])))
  }
}
