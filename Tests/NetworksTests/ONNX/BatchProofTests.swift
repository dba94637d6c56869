import Checkpoints
import Foundation
import Graph
import ONNXSchema
import SwiftProtobuf
import Tensor
import Testing
import _Fixtures

@testable import Networks

/// What is proven of a batch without trying it: graphs that keep images apart, and none of those that mix them.
@Suite struct BatchProofTests {
  private static func network(_ model: ProtoModel) throws -> ONNXNetwork {
    let file = CheckpointFile(name: "m.onnx", data: try model.serializedBytes())
    let image = model.graph.input[0].type.tensorType.shape.dim.dropFirst().map { Int($0.dimValue) }
    return try ONNXNetwork(
      ONNXReader.model(of: file), preprocessing: nil, origin: "", resize: nil, imageShape: Shape(image))
  }

  private static func isProven(_ model: ProtoModel) throws -> Bool {
    let network = try network(model)
    let (one, two) = (try network.imported(batch: 1), try network.imported(batch: 2))
    return BatchProof.holds(one: (one.graph, one.logits), two: (two.graph, two.logits))
  }

  private static func node(
    _ operation: String, _ inputs: [String], _ output: String, _ attributes: [String: ONNXGraphs.Attribute] = [:]
  ) -> ProtoNode { ONNXGraphs.node(operation, inputs, [output], attributes) }

  private static let constants = [
    ONNXGraphs.integers("keep-all", [0, 3, 16]), ONNXGraphs.integers("split", [0, 0, 2, 8]),
    ONNXGraphs.integers("rest", [0, -1]),
    ONNXGraphs.integers("rows", [-1, 4]), ONNXGraphs.integers("row-of-48", [-1, 48]),
    ONNXGraphs.integers("swap", [3, -1, 16]),
    ONNXGraphs.integers("zero", [0]), ONNXGraphs.integers("one", [1]), ONNXGraphs.integers("two", [2]),
    ONNXGraphs.integers("large", [1 << 40]),
    ONNXGraphs.integers("halves", [2, -1]), ONNXGraphs.integers("back", [-1, 3, 16]), ONNXGraphs.integers("token", [3]),
    ONNXGraphs.floats("weights", ONNXGraphs.pixels(48 * 5), [48, 5]),
    ONNXGraphs.floats("square", ONNXGraphs.pixels(16), [4, 4]),
    ONNXGraphs.floats("kernel", ONNXGraphs.pixels(3 * 3 * 9), [3, 3, 3, 3]), ONNXGraphs.floats("scale", [0.5]),
    ONNXGraphs.floats("class", ONNXGraphs.pixels(16), [1, 1, 16]),
    ONNXGraphs.floats("head", ONNXGraphs.pixels(80), [16, 5]),
  ]

  /// From `f`, `[N, 48]`, to the logits.
  private static let end = [node("MatMul", ["f", "weights"], "y")]
  private static let flatten = [node("Flatten", ["x"], "f")]

  private static func model(_ nodes: [ProtoNode]) -> ProtoModel { ONNXGraphs.model(nodes, constants) }

  static let apart: [String: [ProtoNode]] = [
    "a linear layer": flatten + end,
    "a convolution, elementwise functions and a residual": [
      node("Conv", ["x", "kernel"], "c", ["pads": .ints([1, 1, 1, 1])]), node("Relu", ["c"], "r"),
      node("Add", ["r", "x"], "a"),
      node("Mul", ["a", "scale"], "m"), node("Flatten", ["m"], "f"),
    ] + end,
    "pooling and means over pixels": [
      node(
        "MaxPool", ["x"], "p",
        ["kernel_shape": .ints([2, 2]), "strides": .ints([1, 1]), "pads": .ints([0, 0, 1, 1])]),
      node("GlobalAveragePool", ["p"], "g"), node("Sub", ["x", "g"], "s"), node("Flatten", ["s"], "f"),
    ] + end,
    "normalisation of groups of channels": [
      node("Reshape", ["x", "keep-all"], "g"), node("Softmax", ["g"], "s", ["axis": .int(-1)]),
      node("Reshape", ["s", "rest"], "f"),
    ] + end,
    "the batch inside and back, as in attention over windows": [
      node("Reshape", ["x", "keep-all"], "t"), node("Transpose", ["t"], "q", ["perm": .ints([1, 0, 2])]),
      node("Reshape", ["q", "rows"], "r"), node("MatMul", ["r", "square"], "m"), node("Reshape", ["m", "swap"], "b"),
      node("Transpose", ["b"], "o", ["perm": .ints([1, 0, 2])]), node("Reshape", ["o", "rest"], "f"),
    ] + end,
    "attention within images": [
      node("Reshape", ["x", "keep-all"], "t"), node("Transpose", ["t"], "k", ["perm": .ints([0, 2, 1])]),
      node("MatMul", ["t", "k"], "s"), node("Softmax", ["s"], "a", ["axis": .int(-1)]),
      node("MatMul", ["a", "t"], "o"),
      node("Reshape", ["o", "rest"], "f"),
    ] + end,
    "a token for each image, as the batch has them": [
      node("Reshape", ["x", "keep-all"], "t"), node("Shape", ["x"], "n"), node("Gather", ["n", "zero"], "count"),
      node("Concat", ["count", "one", "one"], "shape", ["axis": .int(0)]), node("Expand", ["class", "shape"], "c"),
      node("Concat", ["c", "t"], "j", ["axis": .int(1)]), node("Gather", ["j", "zero"], "first", ["axis": .int(1)]),
      node("Flatten", ["first"], "row"), node("MatMul", ["row", "head"], "y"),
    ],
  ]

  @Test(arguments: apart.keys.sorted()) func imagesThatStayApartAreProven(_ name: String) throws {
    let model = Self.model(try #require(Self.apart[name]))
    #expect(try Self.isProven(model))
    // What was proven is so, and nothing is said of it.
    let loaded = try ONNXGraphs.load(model)
    #expect(!loaded.notes.contains { $0.contains("image by image") })
    let images = Tensor(shape: [3, 3, 4, 4], scalars: ONNXGraphs.pixels(144, seed: 1))
    let together = try loaded.classifier.logits(images)
    for image in 0..<3 {
      #expect(try loaded.classifier.logits(images[batch: image..<image + 1]).scalars == Array(together.item(image)))
    }
  }

  static let mixed: [String: [ProtoNode]] = [
    "the mean of the batch": flatten + [
      node("ReduceMean", ["f", "zero"], "m"), node("Sub", ["f", "m"], "s"), node("MatMul", ["s", "weights"], "y"),
    ],
    "softmax over images": flatten + [
      node("Softmax", ["f"], "s", ["axis": .int(0)]), node("MatMul", ["s", "weights"], "y"),
    ],
    "the number of images as a factor": flatten + [
      node("Shape", ["x"], "n"), node("Gather", ["n", "zero"], "count"), node("Cast", ["count"], "c", ["to": .int(1)]),
      node("Mul", ["f", "c"], "g"), node("MatMul", ["g", "weights"], "y"),
    ],
    "pixels of images in turn": [
      node("Reshape", ["x", "halves"], "h"), node("Transpose", ["h"], "t", ["perm": .ints([1, 0])]),
      node("Reshape", ["t", "row-of-48"], "f"),
    ] + end,
    "the images' axis as another": [
      node("Transpose", ["x"], "t", ["perm": .ints([1, 0, 2, 3])]), node("Reshape", ["t", "row-of-48"], "f"),
    ] + end,
    "the first image for all": flatten + [
      node("Gather", ["f", "zero"], "first", ["axis": .int(0)]), node("Sub", ["f", "first"], "s"),
      node("MatMul", ["s", "weights"], "y"),
    ],
    "a product of images with each other": flatten + [
      node("Transpose", ["f"], "t", ["perm": .ints([1, 0])]), node("MatMul", ["f", "t"], "p"),
      node("MatMul", ["p", "f"], "q"),
      node("MatMul", ["q", "weights"], "y"),
    ],
    "images in reverse order": flatten + [
      node("Slice", ["f", "minus", "least", "zero", "minus"], "r"), node("MatMul", ["r", "weights"], "y"),
    ],
    "sums along the batch": flatten + [
      node("CumSum", ["f", "first-axis"], "s"), node("MatMul", ["s", "weights"], "y"),
    ],
  ]

  @Test(arguments: mixed.keys.sorted()) func imagesThatAreMixedAreNotProven(_ name: String) throws {
    let model = ONNXGraphs.model(
      try #require(Self.mixed[name]),
      Self.constants + [
        ONNXGraphs.integers("minus", [-1]), ONNXGraphs.integers("least", [-(1 << 40)]),
        ONNXGraphs.integers("first-axis", [0], []),
      ])
    // Some cannot be built for two images, which is no proof either.
    #expect((try? Self.isProven(model)) != true)
    // Tried, it is refused or run image by image.
    if let loaded = try? ONNXGraphs.load(model) {
      #expect(loaded.notes.contains { $0.contains("image by image") }, "\(loaded.notes)")
    }
  }

  /// One image is brought into a shape that two have already: the walk does not follow that, and trying tells.
  @Test func whatIsNotProvenMayBeRight() throws {
    let model = Self.model(
      [Self.node("Reshape", ["x", "halves"], "h"), Self.node("Reshape", ["h", "row-of-48"], "f")] + Self.end)
    #expect(try !Self.isProven(model))
    #expect(try !ONNXGraphs.load(model).notes.contains { $0.contains("image by image") })
  }
}
