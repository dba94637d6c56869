import BenchCore
import Checkpoints
import Foundation
import ONNXSchema
import SwiftProtobuf
import Tensor
import Testing
import _Fixtures

@testable import Networks

/// Linear classifiers as scikit-learn's converter writes them, with operators of the domain `ai.onnx.ml`.
@Suite struct ONNXScikitTests {
  private static let ml = "ai.onnx.ml"
  private static let coefficients: [Float] = [1, 2, 0, -1, 0.5, 0, 1, 1, -2, 1, 0, 0.25]
  private static let intercepts: [Float] = [0.5, -1, 0.25]

  private static func classifier(_ input: String, _ transform: String) -> ProtoNode {
    ONNXGraphs.node(
      "LinearClassifier", [input], ["label", "scores"],
      [
        "coefficients": .floats(coefficients), "intercepts": .floats(intercepts), "classlabels_ints": .ints([3, 5, 7]),
        "post_transform": .string(transform), "multi_class": .int(1),
      ], domain: ml)
  }

  /// Four pixels in a row; the outputs are the label and `y`, of a type that no tensor has where it comes from a ZipMap.
  private static func model(_ nodes: [ProtoNode], zips: Bool = false) -> ProtoModel {
    var model = ONNXGraphs.model(nodes, image: [1, 2, 2], domains: [ml])
    model.graph.input = [ONNXGraphs.value("x", [-1, 4])]
    model.graph.output = [
      ONNXGraphs.value("label", [-1], type: 7), zips ? .with { $0.name = "y" } : ONNXGraphs.value("y", [-1, 3]),
    ]
    return model
  }

  private func load(_ model: ProtoModel) throws -> LoadedModel {
    try ONNXPlugin().load(
      CheckpointFile(name: "m.onnx", data: model.serializedBytes()), nil, LoadOptions(imageShape: [1, 2, 2]))
  }

  private func logits(_ model: LoadedModel, _ pixels: [Float]) throws -> [Float] {
    try model.classifier.logits(Tensor(shape: [1, 1, 2, 2], scalars: pixels)).scalars
  }

  private static let pixels: [Float] = [0.5, 0.25, 1, 0]
  private static func scores(_ x: [Float]) -> [Float] {
    (0..<3).map { row in (0..<4).reduce(intercepts[row]) { $0 + coefficients[4 * row + $1] * x[$1] } }
  }

  @Test func logisticRegression() throws {
    let nodes = [
      ONNXGraphs.node(
        "Scaler", ["x"], ["s"], ["offset": .floats([0.5]), "scale": .floats([2, 4, 1, 1])], domain: Self.ml),
      Self.classifier("s", "SOFTMAX"),
      ONNXGraphs.node("Normalizer", ["scores"], ["p"], ["norm": .string("L1")], domain: Self.ml),
      ONNXGraphs.node("ZipMap", ["p"], ["y"], ["classlabels_int64s": .ints([3, 5, 7])], domain: Self.ml),
    ]
    let model = try load(Self.model(nodes, zips: true))
    let scaled = zip(Self.pixels, [2, 4, 1, 1] as [Float]).map { ($0 - 0.5) * $1 }
    #expect(zip(try logits(model, Self.pixels), Self.scores(scaled)).allSatisfy { abs($0 - $1) < 1e-6 })
    #expect(model.parameters == 15)
    #expect(!model.preprocessingIsAssumed)
    let notes = model.notes.joined(separator: "\n")
    #expect(notes.contains("LinearClassifier with a softmax") && notes.contains("(Scaler)"), "\(notes)")
    #expect(!notes.contains("probabilities and no Softmax"), "\(notes)")
  }

  /// One classifier against the rest: probabilities that were divided by their sum.
  @Test func oneAgainstTheRest() throws {
    let nodes = [
      Self.classifier("x", "LOGISTIC"),
      ONNXGraphs.node("Normalizer", ["scores"], ["p"], ["norm": .string("L1")], domain: Self.ml),
      ONNXGraphs.node("Cast", ["p"], ["y"], ["to": .int(1)]),
    ]
    let model = try load(Self.model(nodes))
    let sigmoids = Self.scores(Self.pixels).map { 1 / (1 + exp(-$0)) }
    let total = sigmoids.reduce(0, +)
    #expect(zip(try logits(model, Self.pixels), sigmoids).allSatisfy { abs($0 - log($1 / total)) < 1e-5 })
    #expect(model.notes.contains { $0.contains("outputs are probabilities") })
  }

  @Test(arguments: ["MAX", "L1", "L2"]) func normalisers(_ norm: String) throws {
    let model = try load(
      Self.model(
        [
          ONNXGraphs.node("Normalizer", ["x"], ["n"], ["norm": .string(norm)], domain: Self.ml),
          Self.classifier("n", "NONE"), ONNXGraphs.node("Identity", ["scores"], ["y"]),
        ]))
    let sizes: [String: Float] = ["MAX": 1, "L1": 1.75, "L2": Float(1.3125).squareRoot()]
    let size = try #require(sizes[norm])
    let expected = Self.scores(Self.pixels.map { $0 / size })
    #expect(zip(try logits(model, Self.pixels), expected).allSatisfy { abs($0 - $1) < 1e-5 })
    #expect(try logits(model, [0, 0, 0, 0]) == Self.intercepts)
  }

  @Test func whatIsNotReadIsNamed() {
    func message(_ nodes: [ProtoNode]) -> String {
      do {
        _ = try load(Self.model(nodes))
        return ""
      } catch { return "\(error)" }
    }
    let trees = ONNXGraphs.node("TreeEnsembleClassifier", ["x"], ["label", "y"], domain: Self.ml)
    #expect(
      message([trees]).hasSuffix(
        "(TreeEnsembleClassifier, opset 18): trees are constant between their thresholds, so their input gradient is zero "
          + "and there is nothing to measure; choose a model with derivatives"))
    let machine = ONNXGraphs.node("SVMClassifier", ["x"], ["label", "y"], domain: Self.ml)
    #expect(message([machine]).contains("(SVMClassifier, opset 18): this operator is not known"))
    var single = Self.classifier("x", "LOGISTIC")
    single.output = ["label", "y"]
    single.attribute[1].floats = [1, 2, 3, 4]
    #expect(message([single]).contains("one score for two classes"), "\(message([single]))")
  }
}
