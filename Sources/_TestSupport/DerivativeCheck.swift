import Graph
import Tensor

/// Checks the derivatives of any graph against each other and against finite differences; needs no reference numbers.
package struct DerivativeCheck {
  package let graph: Graph
  package let output: Graph.Value
  /// Inputs to differentiate with respect to, and their names.
  package let inputs: [(name: String, value: Graph.Value)]
  package let point: [String: Tensor]
  /// Step of the finite difference; no kink may lie within it.
  package var step: Float = 1 / 64
  /// Relative tolerance of the finite difference, which float32 and curvature limit.
  package var differenceTolerance = 1e-2

  package init(
    graph: Graph, output: Graph.Value, inputs: [(name: String, value: Graph.Value)], point: [String: Tensor]
  ) {
    self.graph = graph
    self.output = output
    self.inputs = inputs
    self.point = point
  }

  /// Everything that disagrees, in words; empty where all is well.
  ///
  /// With Jacobian J, cotangent c and tangents t, u, v: <c, J t> = <J'c, t>; <c, J t> is the finite difference of <c, f>
  /// along t; the Hessian of <c, f> is symmetric, with one side by reverse over reverse, the other by forward over
  /// reverse; and every value is that of the reference interpreter.
  package func problems(seed: UInt64) throws -> [String] {
    var generator = SeededGenerator(seed: seed)
    var graph = self.graph
    var given = point
    /// A further input of random numbers in -1...1.
    func random(_ name: String, _ shape: Shape) -> Graph.Value {
      given[name] = Tensor(
        shape: shape, scalars: (0..<shape.count).map { _ in Float(Int.random(in: -64...64, using: &generator)) / 64 })
      return graph.input(name, shape)
    }
    let values = inputs.map(\.value)
    let shapes = values.map { graph.shape(of: $0) }
    let c = random("cotangent", graph.shape(of: output))
    let t = shapes.indices.map { random("t\($0)", shapes[$0]) }
    let v = shapes.indices.map { random("v\($0)", shapes[$0]) }
    let gradient = try graph.gradient(of: [(output, c)], withRespectTo: values)
    let derivative = try graph.jvp(of: [output], tangents: Array(zip(values, t)))[0]
    let reverseSecond = try graph.gradient(of: Array(zip(gradient, v)), withRespectTo: values)
    let forwardSecond = try graph.jvp(of: gradient, tangents: Array(zip(values, t)))

    let wanted = [output, derivative] + gradient + reverseSecond + forwardSecond
    let results = try graph.evaluate(wanted, inputs: given)
    var problems: [String] = []
    let references = try ReferenceInterpreter.evaluate(graph, wanted, inputs: given)
    for (index, (result, reference)) in zip(results, references).enumerated()
    where Agreement.excess(result, reference, absolute: 1e-4 * scale(reference), relative: 1e-4) > 1 {
      problems.append("result \(index) differs from the reference interpreter's")
    }

    func tensors(_ names: String) -> [Tensor] { shapes.indices.compactMap { given["\(names)\($0)"] } }
    let cotangent = given["cotangent"].map { [$0] } ?? []
    let gradients = Array(results[2..<2 + values.count])
    let reverse = Array(results[(2 + values.count)..<(2 + 2 * values.count)])
    let forward = Array(results[(2 + 2 * values.count)...])
    for (value, result) in zip(values, gradients) where graph.shape(of: value) != result.shape {
      problems.append("the gradient of a value of shape \(graph.shape(of: value)) has shape \(result.shape)")
    }

    let alongForward = inner(cotangent, [results[1]])
    let alongReverse = inner(gradients, tensors("t"))
    if !alongForward.agrees(with: alongReverse, within: 2e-5) {
      problems.append("<c, J t> = \(alongForward.sum), but <J'c, t> = \(alongReverse.sum)")
    }
    let reversed = inner(reverse, tensors("t"))
    let forwarded = inner(forward, tensors("v"))
    if !reversed.agrees(with: forwarded, within: 1e-4) {
      problems.append("reverse over reverse gives \(reversed.sum), forward over reverse \(forwarded.sum)")
    }

    func shifted(by step: Float) throws -> Inner {
      var moved = given
      for (index, input) in inputs.enumerated() {
        guard let x = given[input.name], let direction = given["t\(index)"] else { continue }
        moved[input.name] = Tensor(
          shape: x.shape, scalars: zip(x.scalars, direction.scalars).map { $0 + step * $1 })
      }
      return inner(cotangent, try self.graph.evaluate([output], inputs: moved))
    }
    let (high, low) = (try shifted(by: step), try shifted(by: -step))
    let difference = (high.sum - low.sum) / Double(2 * step)
    let roundOff = 1e-6 * (high.magnitude + low.magnitude) / Double(step)
    let tolerance = differenceTolerance * max(alongForward.magnitude, alongReverse.magnitude) + roundOff
    if !(abs(difference - alongForward.sum) <= tolerance + 1e-6) {
      problems.append("<c, J t> = \(alongForward.sum), but the finite difference is \(difference) +- \(tolerance)")
    }
    return problems
  }

  private func scale(_ tensor: Tensor) -> Double {
    max(1e-6, tensor.scalars.reduce(0) { max($0, abs(Double($1))) })
  }

  /// An inner product with the sum of its terms' magnitudes, which scales its rounding error.
  private struct Inner {
    var sum = 0.0
    var magnitude = 0.0

    func agrees(with other: Inner, within tolerance: Double) -> Bool {
      abs(sum - other.sum) <= tolerance * max(magnitude, other.magnitude) + 1e-6
    }
  }

  private func inner(_ left: [Tensor], _ right: [Tensor]) -> Inner {
    var result = Inner()
    for (a, b) in zip(left, right) {
      for (x, y) in zip(a.scalars, b.scalars) {
        result.sum += Double(x) * Double(y)
        result.magnitude += abs(Double(x) * Double(y))
      }
    }
    return result
  }
}
