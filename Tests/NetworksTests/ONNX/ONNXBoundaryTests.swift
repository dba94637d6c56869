import Foundation
import ONNXSchema
import Testing
import _Fixtures

@testable import Networks

/// Derivatives where a function has none: exactly on a bound, and of the norm of a vector of zeros. PyTorch's choice is taken.
@Suite struct ONNXBoundaryTests {
  private static let bounds = [ONNXGraphs.floats("lower", [0], []), ONNXGraphs.floats("upper", [6], [])]

  /// The gradient of the sum of one operator's outputs at given numbers.
  private func slopes(
    _ nodes: [ProtoNode], _ numbers: [Float], _ constants: [ProtoTensor] = bounds, opset: Int64 = 18
  ) throws -> [Float] {
    let model = ONNXGraphs.model(
      nodes + [ONNXGraphs.node("Flatten", ["z"], ["y"])], constants, image: [1, 1, Int64(numbers.count)], opset: opset)
    return try ONNXGraphs.results(model, numbers).gradient
  }

  @Test func limits() throws {
    let numbers: [Float] = [-1, 0, 3, 6, 7]
    #expect(try slopes([ONNXGraphs.node("Clip", ["x", "lower", "upper"], ["z"])], numbers) == [0, 0, 1, 0, 0])
    #expect(try slopes([ONNXGraphs.node("Clip", ["x", "lower"], ["z"])], numbers) == [0, 0, 1, 1, 1])
    #expect(try slopes([ONNXGraphs.node("Clip", ["x", "", "upper"], ["z"])], numbers) == [1, 1, 1, 0, 0])
    #expect(
      try slopes(
        [ONNXGraphs.node("Clip", ["x"], ["z"], ["min": .float(0), "max": .float(6)])], numbers, opset: 9)
        == [0, 0, 1, 0, 0])
    #expect(try slopes([ONNXGraphs.node("Relu", ["x"], ["z"])], numbers) == [0, 0, 1, 1, 1])
  }

  @Test func hardSigmoids() throws {
    let sixth: Float = 1 / 6
    let got = try slopes(
      [ONNXGraphs.node("HardSigmoid", ["x"], ["z"], ["alpha": .float(sixth), "beta": .float(0.5)])], [-4, -3, 0, 3, 4])
    #expect(got == [0, 0, sixth, 0, 0])
    #expect(
      try slopes([ONNXGraphs.node("HardSigmoid", ["x"], ["z"])], [-2.5, 1, 2.5]) == [0, 0.2, 0])
  }

  @Test func hardSwish() throws {
    #expect(try slopes([ONNXGraphs.node("HardSwish", ["x"], ["z"])], [-4, -3, 0, 3, 4]) == [0, 0, 0.5, 1, 1])
    // As exporters of older opsets spell it out.
    let constants = Self.bounds + [ONNXGraphs.floats("3", [3], [])]
    let nodes = [
      ONNXGraphs.node("Add", ["x", "3"], ["a"]), ONNXGraphs.node("Clip", ["a", "lower", "upper"], ["b"]),
      ONNXGraphs.node("Mul", ["x", "b"], ["c"]), ONNXGraphs.node("Div", ["c", "upper"], ["z"]),
    ]
    // The first node is arithmetic on the pixels: that is no reason for another derivative.
    #expect(try slopes(nodes, [-4, -3, 0, 3, 4], constants) == [0, 0, 0.5, 1, 1])
  }

  /// Rows of a 2 x 3 image, the first of zeros; every way to write the norm of a row.
  static let norms: [(name: String, nodes: [ProtoNode], opset: Int64)] = [
    ("ReduceL2", [ONNXGraphs.node("ReduceL2", ["x", "axes"], ["z"])], 18),
    (
      "ReduceSumSquare, Sqrt",
      [ONNXGraphs.node("ReduceSumSquare", ["x", "axes"], ["s"]), ONNXGraphs.node("Sqrt", ["s"], ["z"])], 18
    ),
    (
      "Mul, ReduceSum, Sqrt",
      [
        ONNXGraphs.node("Mul", ["x", "x"], ["m"]), ONNXGraphs.node("ReduceSum", ["m", "axes"], ["s"]),
        ONNXGraphs.node("Sqrt", ["s"], ["z"]),
      ], 18
    ),
    (
      "Pow, ReduceSum, Squeeze, Pow",
      [
        ONNXGraphs.node("Pow", ["x", "two"], ["m"]),
        ONNXGraphs.node("ReduceSum", ["m", "axes"], ["s"], ["keepdims": .int(0)]),
        ONNXGraphs.node("Pow", ["s", "half"], ["z"]),
      ], 18
    ),
    ("LpPool", [ONNXGraphs.node("LpPool", ["x"], ["z"], ["kernel_shape": .ints([1, 3])])], 18),
  ]

  @Test(arguments: norms.indices) func normsOfZeros(_ index: Int) throws {
    let constants = [
      ONNXGraphs.integers("axes", [-1]), ONNXGraphs.floats("two", [2], []), ONNXGraphs.floats("half", [0.5], []),
    ]
    let (name, nodes, opset) = Self.norms[index]
    let model = ONNXGraphs.model(
      nodes + [ONNXGraphs.node("Flatten", ["z"], ["y"])], constants, image: [1, 2, 3], opset: opset)
    let (logits, gradient) = try ONNXGraphs.results(model, [0, 0, 0, 2, 1, 2])
    #expect(logits == [0, 3], "\(name)")
    let wanted: [Float] = [0, 0, 0, 2 / 3, 1 / 3, 2 / 3]
    #expect(zip(gradient, wanted).allSatisfy { abs($0 - $1) < 1e-6 }, "\(name): \(gradient)")
  }

  @Test(arguments: [Int64(1), 2, 3]) func normalisedZeros(_ order: Int64) throws {
    let model = ONNXGraphs.model(
      [
        ONNXGraphs.node("LpNormalization", ["x"], ["z"], ["p": .int(order)]),
        ONNXGraphs.node("Mul", ["z", "w"], ["w z"]), ONNXGraphs.node("Flatten", ["w z"], ["y"]),
      ], [ONNXGraphs.floats("w", [1, 2, -1])], image: [1, 2, 3])
    let (logits, gradient) = try ONNXGraphs.results(model, [0, 0, 0, 2, 1, 2])
    #expect(logits[..<3] == [0, 0, 0] && gradient[..<3] == [0, 0, 0], "\(logits) \(gradient)")
    #expect((logits + gradient).allSatisfy { $0.isFinite })
  }

  /// x / max(|x|, 1e-12), as PyTorch exports its `normalize`; at zero the derivative is that of x / 1e-12, as PyTorch's.
  @Test func pytorchNormalise() throws {
    let model = ONNXGraphs.model(
      [
        ONNXGraphs.node("ReduceL2", ["x", "axes"], ["n"]), ONNXGraphs.node("Clip", ["n", "least"], ["d"]),
        ONNXGraphs.node("Div", ["x", "d"], ["z"]), ONNXGraphs.node("Flatten", ["z"], ["y"]),
      ], [ONNXGraphs.integers("axes", [-1]), ONNXGraphs.floats("least", [1e-12], [])], image: [1, 2, 3])
    let (logits, gradient) = try ONNXGraphs.results(model, [0, 0, 0, 3, 0, 4])
    #expect(logits == [0, 0, 0, 0.6, 0, 0.8])
    #expect(gradient[..<3].allSatisfy { abs($0 / 1e12 - 1) < 1e-6 }, "\(gradient)")
    // (1 - u sum u) / |x|
    for (got, want) in zip(gradient[3...], [(1 - 0.6 * 1.4) / 5, 0.2, (1 - 0.8 * 1.4) / 5] as [Float]) {
      #expect(abs(got - want) < 1e-6)
    }
  }

  /// Integers that are known, of which those at places are taken that are written as real numbers.
  @Test(arguments: ["GatherND", "Gather"]) func placesAsRealNumbers(_ operation: String) throws {
    let model = ONNXGraphs.model(
      [
        ONNXGraphs.node(operation, ["numbers", "places"], ["taken"]),
        ONNXGraphs.node("Cast", ["taken"], ["real"], ["to": .int(1)]),
        ONNXGraphs.node("ReduceSum", ["real"], ["sum"], ["keepdims": .int(0)]),
        ONNXGraphs.node("Flatten", ["x"], ["row"]), ONNXGraphs.node("Add", ["row", "sum"], ["y"]),
      ],
      [ONNXGraphs.integers("numbers", [3, 4]), ONNXGraphs.floats("places", [0, 1], [2, 1])])
    let pixels = ONNXGraphs.pixels(48)
    #expect(try ONNXGraphs.results(model, pixels).logits == pixels.map { $0 + 7 })
  }
}
