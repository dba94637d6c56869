import BenchCore
import Checkpoints
import Foundation
import Networks
import Tensor
import Testing
import _Fixtures
import _TestSupport

@testable import Plugins

/// The networks handed over with the project, beside the package, and their descriptions.
private enum StudyModels {
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  static let directory = root.deletingLastPathComponent().appendingPathComponent("shared/study/regimes/models")
  static let arePresent = FileManager.default.fileExists(atPath: directory.path)
  static func description(_ name: String) -> String {
    root.appendingPathComponent("Tests/Fixtures/study/\(name).json").path
  }
}

/// Every built-in model plugin and the classifiers it makes.
@Suite struct ConformanceModelTests {
  @Test("a random network in both formats: the plugin refuses damage, the classifier conforms")
  func randomNetwork() throws {
    let folder = try TemporaryDirectory()
    let tensors = ConformanceFixtures.network()
    let paths = ["network.pt", "network.safetensors"].map { folder.url.appendingPathComponent($0).path }
    try PyTorchZipWriter.write(tensors, to: paths[0])
    try SafetensorsWriter.write(tensors, to: paths[1])
    try folder.write(Array(ConformanceFixtures.description.utf8), "model.json")
    let shape = ConformanceFixtures.networkShape
    let images = ConformanceFixtures.uniformImages(11, shape)
    let loader = ModelLoader(nil, plugins: BuiltinPlugins.all.models)
    let samples = try paths.map { path in
      let candidate = try loader.find(path, description: nil)
      return ModelPluginConformance.Sample(
        candidate.checkpoint, description: candidate.description,
        options: LoadOptions(batch: 4, threads: 2, imageShape: shape, classCount: 10))
    }
    expectNone(ModelPluginConformance.problems(StateDictPlugin.self, samples: samples))

    var classifiers: [any Classifier] = []
    for (sample, batch, threads) in [(samples[0], 4, 2), (samples[1], 1, 1), (samples[0], 32, 1)] {
      let options = LoadOptions(batch: batch, threads: threads, imageShape: shape, classCount: 10)
      let model = try StateDictPlugin().load(sample.checkpoint, sample.description, options)
      classifiers.append(model.classifier)
    }
    expectNone(ClassifierConformance.problems(classifiers[0], subject: "random network", images: images))
    for other in classifiers.dropFirst() {
      expectNone(ClassifierConformance.differences(between: classifiers[0], and: other, images: images))
    }
  }

  @Test(
    "trained networks of the feasibility study",
    .enabled(if: StudyModels.arePresent, "../shared/study is absent"),
    arguments: [
      ("study-cnn", "none_0.0_0.pt"), ("study-cnn", "pgd_2.0_0.pt"), ("study-resnet", "res_0.1_0.pt"),
    ])
  func trainedNetwork(description: String, checkpoint: String) throws {
    let candidate = try ModelLoader(nil, plugins: BuiltinPlugins.all.models).find(
      StudyModels.directory.appendingPathComponent(checkpoint).path,
      description: StudyModels.description(description))
    let task = try GlyphsTask()
    let options = LoadOptions(batch: 4, threads: 2, imageShape: task.imageShape, classCount: task.classCount)
    let model = try candidate.plugin.init().load(candidate.checkpoint, candidate.description, options)
    let images = try task.evaluationImages(count: 6, seed: 1).images
    expectNone(ClassifierConformance.problems(model.classifier, subject: checkpoint, images: images))
  }
}
