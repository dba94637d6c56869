import Graph
import Tensor

/// See `Maximum`.
struct MaximumKernel: CPUKernel {
  private let reduction: Reduction

  init(axes: [Int], input: Shape) { reduction = Reduction(input, axes: axes) }

  func evaluate(_ arguments: KernelArguments) {
    reduction.forEachOutput(arguments) { index, base in
      var largest = -Float.infinity
      reduction.forEachRow(from: base) { offset, length, step in
        let row = arguments.inputs[0] + offset
        for position in 0..<length {
          let value = row[position * step]
          // NaN wins: it must not disappear.
          if value > largest || value.isNaN { largest = value }
        }
      }
      arguments.output[index] = largest
    }
  }
}

/// See `Sum`.
struct SumKernel: CPUKernel {
  let axes: [Int]
  let input: Shape

  var layoutSupport: LayoutSupport { LayoutSupport(source: axes == [2, 3] && input.rank == 4 ? 0 : nil) }

  func evaluate(_ arguments: KernelArguments) {
    let reduction = Reduction(input, strides: arguments.layouts.source.strides(of: input), axes: axes)
    reduction.forEachOutput(arguments) { index, base in
      var sum = 0.0
      reduction.forEachRow(from: base) { offset, length, step in
        let row = arguments.inputs[0] + offset
        if step == 1 {
          for position in 0..<length { sum += Double(row[position]) }
        } else {
          for position in 0..<length { sum += Double(row[position * step]) }
        }
      }
      arguments.output[index] = Float(sum)
    }
  }
}
