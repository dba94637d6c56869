import Tensor

/// Sum over `axes`, which stay with extent 1. Accumulated in double precision, in row-major order.
struct Sum: LinearOperator {
  static let name = "sum"

  /// Ascending, each once.
  let axes: [Int]

  func shape(of inputs: [Shape]) throws(GraphError) -> Shape {
    try requireArity(1, inputs)
    guard inputs[0].hasAxes(axes) else { throw mismatch(inputs, "no such axes \(axes)") }
    return inputs[0].reduced(over: axes)
  }

  func layoutSupport(inputs: [Shape], output: Shape) -> LayoutSupport {
    LayoutSupport(source: axes == [2, 3] && inputs[0].rank == 4 ? 0 : nil)
  }

  func evaluate(_ kernel: KernelArguments) {
    let reduction = Reduction(
      kernel.inputShapes[0], strides: kernel.layouts.source.strides(of: kernel.inputShapes[0]), axes: axes)
    reduction.forEachOutput(kernel) { index, base in
      var sum = 0.0
      reduction.forEachRow(from: base) { offset, length, step in
        let row = kernel.inputs[0] + offset
        if step == 1 {
          for position in 0..<length { sum += Double(row[position]) }
        } else {
          for position in 0..<length { sum += Double(row[position * step]) }
        }
      }
      kernel.output[index] = Float(sum)
    }
  }

  func reverse(
    _ graph: inout Graph, inputs: [Graph.Value], output: Graph.Value, gradient: Graph.Value
  ) throws(GraphError) -> [Graph.Value?] {
    [try graph.broadcast(gradient, to: graph.shape(of: inputs[0]))]
  }
}
