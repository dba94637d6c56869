import Checkpoints
import Foundation
import Graph
import ONNXSchema
import SwiftProtobuf
import Tensor
import Testing

@testable import Networks

/// Whatever numbers a file holds, an operator makes something of them or refuses them; none may end the process.
@Suite struct ONNXExtremeNumberTests {
  private static let numbers: [Int64] = [
    .min, .min + 1, -(1 << 62), -(1 << 32), -2, -1, 0, 1, 2, 63, 64, 65, 1 << 31, 1 << 62, .max - 1, .max,
  ]

  private static func integers(_ name: String, _ values: [Int64], dims: [Int64]? = nil) -> ProtoTensor {
    .with { ($0.name, $0.dataType, $0.dims, $0.int64Data) = (name, 7, dims ?? [Int64(values.count)], values) }
  }

  private static func node(
    _ operation: String, _ inputs: [String], _ attributes: [String: Int64] = [:], texts: [String: String] = [:]
  ) -> ProtoNode {
    .with { node in
      (node.name, node.opType, node.input, node.output) = (operation.lowercased(), operation, inputs, ["y"])
      for (name, value) in attributes { node.attribute.append(.with { ($0.name, $0.type, $0.i) = (name, 2, value) }) }
      for (name, text) in texts {
        node.attribute.append(.with { ($0.name, $0.type, $0.s) = (name, 3, Data(text.utf8)) })
      }
    }
  }

  /// What a graph of one node makes of constants.
  private static func run(_ node: ProtoNode, _ constants: [ProtoTensor], opset: Int64 = 18) throws -> ImportedValue {
    let model = ProtoModel.with { model in
      model.irVersion = 8
      model.opsetImport = [.with { $0.version = opset }]
      model.graph.node = [node]
      model.graph.initializer = constants
      model.graph.output = [.with { $0.name = "y" }]
    }
    let read = try ONNXReader.model(of: CheckpointFile(name: "m.onnx", data: try model.serializedBytes()))
    var importer = GraphImporter(Graph(), read, ONNXConstants(read))
    return try #require(try importer.run([:]).first)
  }

  private static func values(_ node: ProtoNode, _ constants: [ProtoTensor]) throws -> [Int] {
    guard case .integers(let tensor) = try run(node, constants) else { return [] }
    return tensor.values
  }

  @Test(arguments: ONNXOperators.all.keys.sorted()) func everyOperatorTakesAnyIntegers(_ operation: String) {
    for a in Self.numbers {
      for b in Self.numbers {
        for names in [["a"], ["a", "b"], ["a", "b", "a"]] {
          for dims: [Int64]? in [nil, []] {
            let constants = [Self.integers("a", [a], dims: dims), Self.integers("b", [b], dims: dims)]
            // What it makes, or how it refuses, is others' matter.
            _ = try? Self.run(Self.node(operation, names, ["axis": 0]), constants)
          }
        }
      }
    }
  }

  @Test(arguments: [
    ("Pow", Int64.min, Int64(1), Int.min), ("Pow", -2, 63, .min), ("Pow", -1, 65, -1), ("Pow", 0, 0, 1),
    ("Pow", .min, -1, 0), ("Pow", -1, .min, 1), ("Mod", .min, -1, 0), ("Mod", .max, .min, -1),
    ("Div", .min, 2, -1 << 62),
  ]) func exactResults(_ operation: String, _ a: Int64, _ b: Int64, _ result: Int) throws {
    let constants = [Self.integers("a", [a]), Self.integers("b", [b])]
    #expect(try Self.values(Self.node(operation, ["a", "b"]), constants) == [result])
  }

  @Test(arguments: [
    ("Pow", Int64.min, Int64(2)), ("Pow", 2, 63), ("Pow", 2, .max), ("Pow", 0, -1), ("Div", .min, -1), ("Mod", 1, 0),
    ("Add", .max, 1), ("Sub", .min, 1), ("Mul", .min, -1),
  ]) func whatIsNoIntegerIsSaid(_ operation: String, _ a: Int64, _ b: Int64) {
    let constants = [Self.integers("a", [a]), Self.integers("b", [b])]
    #expect {
      try Self.run(Self.node(operation, ["a", "b"]), constants)
    } throws: {
      "\($0)".contains("no result that is a 64-bit integer")
    }
  }

  @Test func rangesMayEndAtTheLargestInteger() throws {
    let constants = [
      Self.integers("a", [.max - 5], dims: []), Self.integers("b", [.max], dims: []), Self.integers("c", [3], dims: []),
    ]
    #expect(try Self.values(Self.node("Range", ["a", "b", "c"]), constants) == [.max - 5, .max - 2])
  }

  /// Integers are moved by their places; what fills the margin is none of them.
  @Test func paddingOfIntegersIsExact() throws {
    let constants = [
      Self.integers("a", [.max, .min]), Self.integers("pads", [1, 2]), Self.integers("fill", [7], dims: []),
    ]
    #expect(try Self.values(Self.node("Pad", ["a", "pads"]), constants) == [0, .max, .min, 0, 0])
    #expect(try Self.values(Self.node("Pad", ["a", "pads", "fill"]), constants) == [7, .max, .min, 7, 7])
  }

  @Test(arguments: ["Split", "Slice", "Squeeze", "Pad", "Gather", "Concat", "ReduceSum"])
  func aScalarHasNoAxes(_ operation: String) {
    let constants = [Self.integers("a", [3], dims: []), Self.integers("b", [0])]
    let inputs = ["Slice": ["a", "b", "b", "b"], "Pad": ["a", "b", "", "b"]][operation] ?? ["a", "b"]
    #expect(throws: (any Error).self) { try Self.run(Self.node(operation, inputs, ["axis": 0]), constants) }
  }

  @Test(arguments: [Int64.max, .min, -1, 1 << 40]) func sizesThatAreNotPossible(_ size: Int64) {
    let image = ProtoTensor.with {
      ($0.name, $0.dataType, $0.dims, $0.floatData) = ("x", 1, [1, 1, 1, 2], [1, 2])
    }
    for policy in ["stretch", "not_larger", "not_smaller"] {
      let resize = Self.node("Resize", ["x", "", "", "sizes"], texts: ["keep_aspect_ratio_policy": policy])
      #expect(throws: (any Error).self) {
        try Self.run(resize, [image, Self.integers("sizes", [size, size, size, size])])
      }
    }
  }
}
