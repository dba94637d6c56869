import BenchCore
import Checkpoints
import Foundation
import Tensor
import Testing
import _Fixtures

@testable import Networks

/// Normalisation and statistics that stand in the file itself.
@Suite struct FileNormalisationTests {
  private func network(_ others: [(name: String, values: [Float])]) throws -> CheckpointFile {
    try ModelFixtures.write(
      ModelFixtures.tensors("resnet18")
        + others.map { TensorToWrite(name: $0.name, shape: [$0.values.count], floats: $0.values) })
  }

  @Test(arguments: [("mu", "sigma"), ("mean", "std"), ("normalize.mean", "normalize.std")])
  func itIsUsedWhateverTheNetworkIsCalled(mean: String, std: String) throws {
    let file = try network([(mean, [0.5, 0.4, 0.3]), (std, [0.25, 0.2, 0.5])])
    for architecture in [nil, "resnet18"] {
      let model = try ModelFixtures.load(file, architecture: architecture, images: [3, 12, 12])
      #expect(model.preprocessing == Preprocessing(mean: [0.5, 0.4, 0.3], std: [0.25, 0.2, 0.5]))
      #expect(!model.preprocessingIsAssumed && model.unusedTensors == 0)
    }
    let given = Preprocessing(mean: [0, 0, 0], std: [1, 1, 1])
    let model = try ModelFixtures.load(file, images: [3, 12, 12], preprocessing: given)
    #expect(model.preprocessing == given)
    #expect(model.notes.contains { $0.hasPrefix("--mean and --std take the place of the file's own normalisation") })
  }

  @Test func oneNumberIsForAllChannels() throws {
    let model = try ModelFixtures.load(network([("mean", [0.5]), ("std", [0.25])]), images: [3, 12, 12])
    #expect(model.preprocessing == Preprocessing(mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25]))
  }

  @Test func aLonelyMeanIsNotAdvisedAway() throws {
    let file = try network([("mean", [0.5, 0.4, 0.3])])
    let message = ModelFixtures.message { _ = try ModelFixtures.load(file, images: [3, 12, 12]) }
    #expect(message?.contains("say how they are normalised with --mean and --std, and pass --arch resnet18") == true)
  }

  @Test func numbersOf255AreRefusedWithThoseMeant() throws {
    let file = try network([("mean", [127.5, 102, 51]), ("std", [51, 51, 51])])
    let message = ModelFixtures.message { _ = try ModelFixtures.load(file, images: [3, 12, 12]) }
    #expect(
      message?.contains("divided by 255 they are mean 0.5,0.4,0.2, std 0.2,0.2,0.2") == true, "\(message ?? "read")")
    #expect(Preprocessing(mean: [0.49, 0.48, 0.45], std: [0.25, 0.24, 0.26]).problem == nil)
    #expect(Preprocessing.identity(channels: 3).problem == nil)
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).json")
    defer { try? FileManager.default.removeItem(at: folder) }
    try #"{"id": "x", "name": "X", "preprocessing": {"mean": [125.3], "std": [63]}}"#.write(
      to: folder, atomically: true, encoding: .utf8)
    #expect(throws: DescriptionError.self) { try DescriptionLookup.read(folder) }
  }

  @Test func equalNumbersAreRemarked() {
    #expect(
      Preprocessing(mean: [0.49, 0.48, 0.45], std: [0.49, 0.48, 0.45]).remark?.contains("given for both") == true)
    #expect(Preprocessing(mean: [0.5, 0.5], std: [0.5, 0.5]).remark == nil)
    #expect(Preprocessing(mean: [0.5], std: [0.25]).remark == nil)
  }

  @Test func untrainedStatisticsAreSaid() throws {
    let tensors = try ModelFixtures.tensors("resnet18").map { tensor in
      let start: Float? = tensor.name.hasSuffix("running_mean") ? 0 : tensor.name.hasSuffix("running_var") ? 1 : nil
      let count = tensor.shape.reduce(1, *)
      return start.map {
        TensorToWrite(name: tensor.name, shape: tensor.shape, floats: [Float](repeating: $0, count: count))
      }
        ?? tensor
    }
    let fresh = try ModelFixtures.load(ModelFixtures.write(tensors), images: [3, 12, 12])
    #expect(fresh.warnings.count == 1 && fresh.warnings[0].hasPrefix("batch statistics were never computed"))
    #expect(fresh.unusedTensors == 0)
    #expect(try ModelFixtures.load(ModelFixtures.checkpoint("resnet18"), images: [3, 12, 12]).warnings.isEmpty)
  }
}
