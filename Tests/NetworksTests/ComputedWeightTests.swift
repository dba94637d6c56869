import Checkpoints
import Foundation
import Tensor
import Testing
import _Fixtures

@testable import Networks

/// Weights that PyTorch computes of other tensors are those of evaluation mode.
@Suite struct ComputedWeightTests {
  private static func values(_ count: Int, seed: Int) -> [Float] {
    (0..<count).map { Float(sin(Double($0 * 7 + seed * 13) + 0.3)) }
  }

  /// Of a source that holds these tensors, and one of another layer before them: a prefix that all share would be taken off.
  private static func weight(
    _ name: String, of tensors: [(name: String, shape: [Int], values: [Float])]
  ) throws -> (tensor: Tensor, source: WeightSource) {
    let file = try ModelFixtures.write(
      [TensorToWrite(name: "first.bias", shape: [1], floats: [1])]
        + tensors.map { TensorToWrite(name: $0.name, shape: $0.shape, floats: $0.values) })
    let source = WeightSource(try CheckpointReader.stateDict(of: file))
    return (try source.tensor(name, for: "test"), source)
  }

  private static func isClose(_ left: [Float], _ right: [Double]) -> Bool {
    left.count == right.count && zip(left, right).allSatisfy { abs(Double($0) - $1) <= 1e-6 * max(1, abs($1)) }
  }

  /// torch.nn.utils.weight_norm(module, dim=0), dim=1 and dim=None, and torch.nn.utils.parametrizations.weight_norm.
  @Test(
    arguments: [
      ("conv.weight_g", "conv.weight_v", [2, 1, 1], 0), ("conv.weight_g", "conv.weight_v", [1, 3, 1], 1),
      ("conv.weight_g", "conv.weight_v", [], nil),
      ("conv.parametrizations.weight.original0", "conv.parametrizations.weight.original1", [2, 1, 1], 0),
    ] as [(String, String, [Int], Int?)])
  func weightNormalisation(_ scale: String, _ direction: String, _ shape: [Int], _ axis: Int?) throws {
    let extents = [2, 3, 4]
    let (v, g) = (Self.values(24, seed: 1), Self.values(max(1, shape.reduce(1, *)), seed: 2))
    let (tensor, source) = try Self.weight(
      "conv.weight", of: [(scale, shape, g), (direction, extents, v), ("conv.bias", [2], [1, 2])])
    func group(_ index: Int) -> Int { axis == 0 ? index / 12 : axis == 1 ? index / 4 % 3 : 0 }
    let expected = v.indices.map { index in
      let squares = v.indices.filter { group($0) == group(index) }.map { Double(v[$0]) * Double(v[$0]) }
      return Double(g[group(index)]) * Double(v[index]) / squares.reduce(0, +).squareRoot()
    }
    #expect(tensor.shape == [2, 3, 4] && Self.isClose(tensor.scalars, expected))
    #expect(source.names == ["first.bias", "conv.weight", "conv.bias"] && !source.contains(direction))
    #expect(source.shape("conv.weight") == extents && source.notes.count == 1)
    #expect(source.unused == ["first.bias", "conv.bias"])
  }

  @Test(arguments: [
    ("conv.weight_orig", "conv.weight_u", "conv.weight_v"),
    (
      "conv.parametrizations.weight.original", "conv.parametrizations.weight.0._u", "conv.parametrizations.weight.0._v"
    ),
  ]) func spectralNormalisation(_ name: String, _ left: String, _ right: String) throws {
    let weight = Self.values(24, seed: 3)
    let v = Self.values(12, seed: 4)
    let products = (0..<2).map { row in (0..<12).reduce(0.0) { $0 + Double(weight[row * 12 + $1]) * Double(v[$1]) } }
    let norm = products.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let u = products.map { Float($0 / norm) }
    let sigma = zip(u, products).reduce(0) { $0 + Double($1.0) * $1.1 }
    let (tensor, source) = try Self.weight(
      "conv.weight", of: [(name, [2, 3, 2, 2], weight), (left, [2], u), (right, [12], v)])
    #expect(Self.isClose(tensor.scalars, weight.map { Double($0) / sigma }))
    #expect(source.names == ["first.bias", "conv.weight"] && source.unused == ["first.bias"])
    // Of another axis, or never computed: u is not W v.
    #expect {
      _ = try Self.weight(
        "conv.weight", of: [(name, [2, 3, 2, 2], weight), (left, [2], [u[1], -u[0]]), (right, [12], v)])
    } throws: { "\($0)".contains("spectral normalisation") && "\($0)".contains("torch.nn.utils.") }
  }

  @Test func prunedWeightsAreMasked() throws {
    let (tensor, _) = try Self.weight(
      "fc.weight", of: [("fc.weight_orig", [2, 2], [1, 2, 3, 4]), ("fc.weight_mask", [2, 2], [1, 0, 0, 1])])
    #expect(tensor.scalars == [1, 0, 0, 4])
  }

  /// What is not exactly one of these is left as it is, and refused by name.
  @Test(
    arguments: [
      [("fc.weight_g", [3, 1]), ("fc.weight_v", [2, 2])], [("fc.weight_g", [2, 2]), ("fc.weight_v", [2, 2])],
      [("fc.weight_orig", [2, 2]), ("fc.weight_u", [2]), ("fc.weight_v", [3])],
      [("fc.weight_orig", [2, 2]), ("fc.weight_mask", [2])], [("fc.weight_g", [2, 1]), ("fc.weight_v", [2, 0])],
      [
        ("fc.parametrizations.weight.original0", [2, 1]), ("fc.parametrizations.weight.original1", [2, 2]),
        ("fc.parametrizations.weight.1.base", [2]),
      ],
      [("fc.parametrizations.weight.original", [2, 2])], [("parametrizations..original0", [2, 1])],
    ] as [[(String, [Int])]])
  func othersAreLeft(_ tensors: [(String, [Int])]) throws {
    let file = try ModelFixtures.write(
      tensors.map { TensorToWrite(name: $0.0, shape: $0.1, floats: [Float](repeating: 1, count: $0.1.reduce(1, *))) })
    let source = WeightSource(try CheckpointReader.stateDict(of: file))
    #expect(source.notes.isEmpty && source.names.count == tensors.count)
  }
}
