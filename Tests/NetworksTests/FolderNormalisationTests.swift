import BenchCore
import Checkpoints
import Foundation
import JSON
import SwiftProtobuf
import Testing
import _Fixtures

@testable import Networks

/// Normalisation that stands beside the weights, as Hugging Face's libraries and timm write it.
@Suite struct FolderNormalisationTests {
  private static let pixels = Preprocessing(mean: [0.5, 0.4, 0.3], std: [0.25, 0.2, 0.5])
  private static let numbers = #""image_mean": [0.5, 0.4, 0.3], "image_std": [0.25, 0.2, 0.5]"#

  /// A folder with the weights of a network and what else it holds.
  private func loaded(
    _ texts: [String: String], weights: String = "model.safetensors", own: [TensorToWrite] = [],
    preprocessing: Preprocessing? = nil
  ) throws -> LoadedModel {
    let folder = try TemporaryDirectory()
    let file = try ModelFixtures.write(ModelFixtures.tensors("resnet18") + own)
    try file.data.write(to: folder.url.appendingPathComponent(weights))
    for (name, text) in texts {
      try text.write(to: folder.url.appendingPathComponent(name), atomically: true, encoding: .utf8)
    }
    return try withExtendedLifetime(folder) {
      try ModelFixtures.load(
        CheckpointFile.open(folder.url.appendingPathComponent(weights).path), images: [3, 12, 12],
        preprocessing: preprocessing)
    }
  }

  @Test func aProcessorOfHuggingFaceIsRead() throws {
    let model = try loaded([
      "preprocessor_config.json": #"{"do_normalize": true, "rescale_factor": 0.00392156862745098, \#(Self.numbers)}"#
    ])
    #expect(model.preprocessing == Self.pixels && !model.preprocessingIsAssumed)
    #expect(model.notes.contains { $0.contains("stands in preprocessor_config.json beside it") })
  }

  @Test(arguments: [
    #"{"architecture": "resnet18", "pretrained_cfg": {"mean": [0.5, 0.4, 0.3], "std": [0.25, 0.2, 0.5]}}"#,
    #"{"architecture": "resnet18", "mean": [0.5, 0.4, 0.3], "std": [0.25, 0.2, 0.5]}"#,
  ]) func aConfigurationOfTimmIsRead(_ text: String) throws {
    let model = try loaded(["config.json": text], weights: "pytorch_model.bin")
    #expect(model.preprocessing == Self.pixels && !model.preprocessingIsAssumed)
  }

  /// ((scale v - shift) - mean) / std, of pixels v in [0, 1].
  @Test func otherScalesOfPixelsAreThoseOfZeroToOne() throws {
    func read(_ text: String) throws -> Preprocessing { try loaded(["preprocessor_config.json": text]).preprocessing }
    #expect(try read(#"{"do_normalize": false}"#) == .identity(channels: 3))
    let doubled = try read(#"{"rescale_factor": 0.00784313725490196, "rescale_offset": true, "do_normalize": false}"#)
    #expect(doubled == Preprocessing(mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5]))
    let bytes = try read(#"{"do_rescale": false, "image_mean": [127.5], "image_std": [51]}"#)
    #expect(bytes == Preprocessing(mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2]))
  }

  @Test func whatIsNoSuchStatementIsLeftAside() throws {
    for texts in [
      [:], ["config.json": #"{"model_type": "vit", "mean": [9], "std": [9]}"#],
      ["preprocessor_config.json": #"{"do_resize": true}"#],
      ["preprocessor_config.json": "[]"],
    ] {
      #expect(try loaded(texts).preprocessingIsAssumed)
    }
    // Beside weights that are called otherwise it may belong to others.
    #expect(
      try loaded(["preprocessor_config.json": "{\(Self.numbers)}"], weights: "mine.safetensors").preprocessingIsAssumed)
  }

  @Test func whatIsSaidElsewhereCountsMore() throws {
    let wrong = ["preprocessor_config.json": "{"]
    let given = Preprocessing(mean: [0.1, 0.2, 0.3], std: [1, 1, 1])
    #expect(try loaded(wrong, preprocessing: given).preprocessing == given)
    let own = [
      TensorToWrite(name: "mean", shape: [3], floats: [0.1, 0.2, 0.3]),
      TensorToWrite(name: "std", shape: [3], floats: [1, 1, 1]),
    ]
    #expect(try loaded(wrong, own: own).preprocessing == given)
  }

  @Test(arguments: [
    (#"{"image_mean": [0.5, 0.5], "image_std": [0.5, 0.5]}"#, "`image_mean` is not a list of 3 numbers"),
    (#"{"image_mean": "0.5", "image_std": [0.5]}"#, "`image_mean` is not a list of 3 numbers"),
    (#"{"image_mean": [0.5], "image_std": [0]}"#, "have to be above 0"),
    (#"{"image_mean": [0.5], "image_std": [0.5], "rescale_factor": -1}"#, "have to be above 0"),
    (#"{"image_mean": [127.5], "image_std": [51]}"#, "divided by 255 they are mean 0.5"),
  ]) func whatCannotBeMeantIsAnError(_ text: String, _ words: String) throws {
    let message = ModelFixtures.message { _ = try loaded(["preprocessor_config.json": text]) }
    #expect(message?.contains(words) == true, "\(message ?? "read")")
  }

  /// Beside a graph that divides by 2 itself it is not even read.
  @Test func besideAGraphItIsReadUnlessTheGraphNormalises() throws {
    let flatten = ONNXGraphs.node("Flatten", ["p"], ["y"])
    for (node, text, expected) in [
      (ONNXGraphs.node("Identity", ["x"], ["p"]), "{\(Self.numbers)}", Self.pixels),
      (ONNXGraphs.node("Div", ["x", "2"], ["p"]), "{", .identity(channels: 3)),
    ] {
      let folder = try TemporaryDirectory()
      let graph = ONNXGraphs.model([node, flatten], [ONNXGraphs.floats("2", [2], [])])
      try folder.write(Array(try graph.serializedBytes() as Data), "model.onnx")
      try folder.write(Array(text.utf8), "preprocessor_config.json")
      let model = try withExtendedLifetime(folder) {
        try ONNXPlugin().load(
          CheckpointFile.open(folder.url.appendingPathComponent("model.onnx").path), nil,
          LoadOptions(imageShape: [3, 4, 4]))
      }
      #expect(model.preprocessing == expected && !model.preprocessingIsAssumed)
    }
  }

  @Test func brokenTextIsAnError() {
    #expect(throws: JSONError.self) { try loaded(["preprocessor_config.json": "{"]) }
  }
}
