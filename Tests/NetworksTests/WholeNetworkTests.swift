import BenchCore
import Checkpoints
import Foundation
import Tensor
import Testing
import _Fixtures

@testable import Networks

/// torch.save(model): the modules of the file are used, or contradict the network.
/// The files are made by `Tests/Fixtures/models/generate_whole.py`.
@Suite(.everyEngine) struct WholeNetworkTests {
  private static let folder = ModelFixtures.directory.appendingPathComponent("whole")

  private func file(_ name: String) throws -> CheckpointFile {
    try CheckpointFile.open(Self.folder.appendingPathComponent("\(name).pt").path)
  }

  private func golden(_ name: String) throws -> Tensor {
    try ModelFixtures.tensor(CheckpointReader.stateDict(of: file("goldens")).tensor(name))
  }

  @Test(arguments: [
    ("plain", "resnet8"), ("eps", "resnet8"), ("pooled", "resnet10-maxpool"), ("unpooled", "resnet10"),
  ]) func modulesAreUsed(name: String, architecture: String) throws {
    let model = try ModelFixtures.load(file(name), images: [3, 12, 12])
    #expect(model.architecture == architecture && model.unusedTensors == 0)
    let logits = try model.classifier.logits(golden("images"))
    for (got, want) in zip(logits.scalars, try golden(name).scalars) {
      #expect(abs(got - want) < 1e-3, "\(got), not \(want)")
    }
    #expect(model.notes.contains { $0.contains("layers were compared with those of the file's modules") })
    #expect(model.notes.contains { $0.hasPrefix("eps of 9 normalisations") } == (name == "eps"), "\(model.notes)")
  }

  @Test(arguments: [
    ("leaky", "are LeakyReLU(0.01), of which the network has none"),
    ("circular", "`conv1` has padding_mode 'circular', the network's zeros"),
    ("stride", "`conv1` has stride 2, the network's 1"),
  ]) func contradictionsAreRefused(name: String, words: String) throws {
    for architecture in [nil, "resnet8"] {
      let message = try #require(
        ModelFixtures.message {
          _ = try ModelFixtures.load(file(name), architecture: architecture, images: [3, 12, 12])
        })
      #expect(message.hasPrefix("\(name).pt: is a whole pickled network, whose modules are not those of"))
      #expect(message.contains(words) && message.contains("ONNX"), "\(message)")
    }
  }

  @Test func theOtherPoolIsRefused() throws {
    let unpooled = ModelFixtures.message {
      _ = try ModelFixtures.load(file("unpooled"), architecture: "resnet10-maxpool", images: [3, 12, 12])
    }
    #expect(unpooled?.contains("`maxpool` is Identity, the network has a MaxPool2d") == true, "\(unpooled ?? "read")")
    let pooled = ModelFixtures.message {
      _ = try ModelFixtures.load(file("pooled"), architecture: "resnet10", images: [3, 12, 12])
    }
    #expect(
      pooled?.contains("`maxpool` is MaxPool2d(3, stride 2, padding 1, dilation 1)") == true, "\(pooled ?? "read")")
  }

  /// The new network of a twin has the settings of the original.
  @Test func twinsHaveTheSettingsToo() throws {
    let copy = try UntrainedCopy(of: file("eps"), nil, LoadOptions(imageShape: [3, 12, 12]))
    #expect(copy.network.layers.flatMap(\.withInner).filter { $0.type == "BatchNorm2d" }.allSatisfy { $0.eps == 1e-3 })
    #expect(throws: ModelError.self) {
      try UntrainedCopy(of: file("stride"), nil, LoadOptions(imageShape: [3, 12, 12]))
    }
  }
}
