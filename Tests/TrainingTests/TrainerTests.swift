import BenchCore
import Checkpoints
import Foundation
import Networks
import Plugins
import Tensor
import Testing
import _TestSupport

@testable import Training

@Suite struct TrainerTests {
  private static func small(_ objective: String = "cross-entropy", strength: Double = 0) -> TrainingConfiguration {
    var configuration = TrainingConfiguration()
    configuration.objective = ObjectiveConfiguration(objective, strength: strength)
    configuration.objective.attack.steps = 2
    configuration.task = TinyTask().id
    configuration.width = 2
    configuration.batch = 16
    configuration.epochs = 3
    return configuration
  }

  private static func training(
    _ configuration: TrainingConfiguration, threads: Int = 1, progress: any ProgressReporter = SilentProgress()
  ) -> ClassifierTraining {
    ClassifierTraining(
      configuration, task: configuration.task == TinyTask().id ? TinyTask() : GlyphsPlugin(),
      options: TaskOptions(dataDirectory: nil, cacheDirectory: nil, threads: threads, progress: progress))
  }

  private static func withFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("training-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
  }

  @Test func aSmallTrainingLearns() throws {
    var configuration = Self.small()
    configuration.width = 4
    configuration.epochs = 6
    let losses = try Self.training(configuration).trainer().train(threads: 2).history.map(\.loss)
    #expect(losses.count == 6 && losses[5] < losses[0] / 2, "\(losses)")
  }

  @Test(arguments: ["cross-entropy", "gradient-norm", "smoothness", "pgd-l2", "alignment"])
  func bytesDoNotDependOnThreads(_ objective: String) throws {
    var configuration = Self.small(objective, strength: 0.1)
    configuration.epochs = 1
    // Only there directions are known.
    if objective == "alignment" {
      configuration.task = GlyphsPlugin().id
      configuration.images = 48
    }
    let bytes = try [1, 2, 3].map { threads in
      try Self.training(configuration, threads: threads).trainer().train(threads: threads).checkpoint()
    }
    #expect(bytes[0] == bytes[1] && bytes[0] == bytes[2])
    configuration.seed = 1
    #expect(try Self.training(configuration).trainer().train().checkpoint() != bytes[0], "another seed")
  }

  /// Stops as Ctrl-C does, at any step.
  private final class Stopping: ProgressReporter {
    private let steps: Int
    private let count = Counter()

    init(after steps: Int) { self.steps = steps }

    func begin(_ stage: String, total: Int) {}
    func note(_ text: String) {}
    func advance(by units: Int) throws {
      if count.next() == steps { throw CancellationError() }
    }
  }

  private final class Counter: @unchecked Sendable {
    // Only the trainer's own thread counts.
    private var value = 0
    func next() -> Int {
      value += 1
      return value
    }
  }

  /// Wherever the steps are computed, and what they change is kept.
  @Test(arguments: [OptimizerConfiguration.Name.sgd, .adam])
  func aStoppedTrainingGoesOnToTheSameBytes(_ optimizer: OptimizerConfiguration.Name) throws {
    for backend in TestedBackend.all {
      try Engine.$here.withValue(backend) { try goesOnToTheSameBytes(optimizer, on: backend.name) }
    }
  }

  private func goesOnToTheSameBytes(_ optimizer: OptimizerConfiguration.Name, on backend: String) throws {
    var configuration = Self.small("randomized-smoothing", strength: 0.2)
    configuration.optimizer.name = optimizer
    configuration.optimizer.learningRate = optimizer == .sgd ? 0.05 : 0.004
    configuration.augmentation.crop = 2
    configuration.augmentation.flip = true
    let files = ["model.ckpt", "model.json", "recipe.json", "history.json"]
    func contents(_ folder: URL) throws -> [Data] {
      try files.map { try Data(contentsOf: folder.appendingPathComponent($0)) }
    }
    let undisturbed = try Self.withFolder { folder in
      _ = try Self.training(configuration).run(in: folder, id: "model")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == files.sorted())
      return try contents(folder)
    }
    // Within the first epoch, at its end, and within the third.
    for step in [5, 12, 30] {
      let resumed = try Self.withFolder { folder in
        #expect(throws: CancellationError.self) {
          try Self.training(configuration, progress: Stopping(after: step)).run(in: folder, id: "model")
        }
        #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("model.json").path))
        // As a process leaves it that is killed while it writes.
        try Data([1]).write(to: folder.appendingPathComponent(".model.ckpt.123.abc.partial"))
        _ = try Self.training(configuration).run(in: folder, id: "model")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == files.sorted())
        return try contents(folder)
      }
      #expect(resumed == undisturbed, "\(backend), stopped in step \(step)")
    }
  }

  @Test func aFolderOfAnotherTrainingIsRefused() throws {
    try Self.withFolder { folder in
      var configuration = Self.small()
      configuration.epochs = 1
      let first = try Self.training(configuration).run(in: folder)
      #expect(first.task == TinyTask().id && first.claims?.accuracy != nil)
      // The same again is already done.
      #expect(try Self.training(configuration).run(in: folder) == first)
      configuration.seed = 5
      #expect(throws: TrainingError.self) { try Self.training(configuration).run(in: folder) }
    }
  }

  @Test func aTrainingThatDivergesSaysSoAndKeepsTheLastNetwork() throws {
    try Self.withFolder { folder in
      var configuration = Self.small()
      configuration.optimizer.name = .sgd
      configuration.schedule.name = .step
      // Harmless in the first epoch, absurd after it.
      configuration.schedule.milestones = [0.4]
      configuration.schedule.factor = 1e38
      configuration.optimizer.learningRate = 0.01
      configuration.gradientClipping = nil
      let error = #expect(throws: TrainingError.self) { try Self.training(configuration).run(in: folder) }
      let text = error.map { "\($0)" } ?? ""
      #expect(text.contains("diverged") && text.contains("epoch 2") && text.contains("model.ckpt"), "\(text)")
      let kept = try CheckpointReader.stateDict(of: .open(folder.appendingPathComponent("model.ckpt").path))
      #expect(try kept.tensor("fc.weight").floats().allSatisfy(\.isFinite))
      #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("model.json").path))
    }
  }
}

/// Images 1 x 8 x 8 of noise with a bright row, which is the class.
struct TinyTask: TaskPlugin {
  let id = "tiny"
  let summary = "bright rows"
  let dataRequirement: String? = nil

  func make(_ options: TaskOptions) throws -> any BenchmarkTask { throw CancellationError() }

  func images(
    _ split: DataSplit, _ options: TaskOptions, count: Int?, seed: UInt64
  ) throws -> (any LabelledImages)? {
    let count = count ?? 200
    let labels = (0..<count).map { $0 % 3 }
    let random = RandomStream(seed: seed, name: split.rawValue)
    let images = Tensor(
      shape: [count, 1, 8, 8],
      scalars: (0..<count).flatMap { image in
        random.normals(item: image, count: 64).enumerated().map { place, value in
          Float(value) * 0.4 + (place / 8 == 2 * labels[image] + 1 ? 1 : 0)
        }
      })
    return TensorImages(
      ImageSet(name: id, split: split.rawValue, images: images, labels: labels), classCount: 3)
  }
}
