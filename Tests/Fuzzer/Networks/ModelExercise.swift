import BenchCore
import Checkpoints
import Foundation
import Networks
import Plugins
import Served
import Tensor
import Text

/// What an evaluation does with a model, on two images.
enum ModelExercise {
  /// Images larger than this take too long for what they show.
  private static let largestImage = 1 << 14
  /// What a pass may use, in bytes. Attention over thousands of tokens takes gigabytes and says so before it takes them; what takes
  /// more than it said is a flood.
  private static let memory = Watch.largestMemory / 2

  /// Finds the plugin, loads and computes.
  static func load(_ path: String, description: String? = nil, image: [Int]?, _ progress: inout Progress) throws {
    let loader = ModelLoader(nil, plugins: BuiltinPlugins.all.models)
    let candidate = try loader.find(path, description: description)
    let model = try loader.load(
      candidate, LoadOptions(threads: 1, memory: memory, imageShape: image.flatMap { Shape(checking: $0) }))
    try exercise(model, &progress)
  }

  static func exercise(_ model: LoadedModel, _ progress: inout Progress) throws {
    progress = .loaded
    _ = "\(model.notes) \(model.warnings) \(model.parameters)"
    let classifier = model.classifier
    guard classifier.inputShape.count <= largestImage, classifier.classCount <= 1 << 12 else { return }
    let stream = RandomStream(seed: 0, name: "fuzz-images")
    for count in 1...2 {
      let shape = classifier.inputShape.prepending(count)
      let images = Tensor(shape: shape, scalars: stream.uniforms(item: 0, count: shape.count).map { Float($0) })
      _ = try classifier.logits(images)
      _ = try classifier.inputGradient(.logOddsPredicted, at: images)
    }
  }
}
