import BenchCore
import Graph
import Networks
import Plugins
import Tensor
import Testing
import _TestSupport

@testable import Training

/// Trainings whose weights stay on a device, beside those of the processor; that they are resumed to the same bytes is in `TrainerTests` and
/// `GeneratorTrainingTests`.
@Suite(.enabled(if: TestedBackend.device != nil, "no PyTorch: PAGS_BENCH_PYTHON names no Python that has it"))
struct DeviceTrainingTests {
  /// Every objective, optimizer and treatment of batch normalisation that `train` has.
  private static let cases: [(objective: String, optimizer: OptimizerConfiguration.Name, frozen: Bool)] =
    ObjectiveCatalogue.all.map { ($0.id, .sgd, false) } + [
      ("gradient-norm", .adam, false), ("cross-entropy", .sgd, true), ("pgd-l2", .adam, true),
    ]

  private static func configuration(
    _ item: (objective: String, optimizer: OptimizerConfiguration.Name, frozen: Bool)
  ) -> TrainingConfiguration {
    var configuration = TrainingConfiguration()
    configuration.objective = ObjectiveConfiguration(
      item.objective, strength: item.objective == "cross-entropy" ? 0 : 0.1)
    configuration.objective.attack.steps = 2
    (configuration.images, configuration.batch, configuration.epochs, configuration.width) = (48, 16, 2, 4)
    configuration.optimizer.name = item.optimizer
    configuration.optimizer.learningRate = item.optimizer == .sgd ? 0.02 : 0.001
    configuration.optimizer.nesterov = item.optimizer == .sgd
    configuration.optimizer.weightDecay = 0.01
    configuration.gradientClipping = 0.5
    configuration.frozenBatchNorm = item.frozen
    return configuration
  }

  private static func trained(_ configuration: TrainingConfiguration, on backend: any Backend) throws -> TrainedNetwork
  {
    try Engine.$here.withValue(backend) {
      try ClassifierTraining(
        configuration, task: GlyphsPlugin(), options: TaskOptions(dataDirectory: nil, cacheDirectory: nil, threads: 1)
      ).trainer().train()
    }
  }

  /// The same losses, weights and running statistics but for rounding, after six steps in two epochs.
  @Test(arguments: cases.indices) func trainsAsTheProcessorDoes(_ index: Int) throws {
    let configuration = Self.configuration(Self.cases[index])
    let device = try #require(TestedBackend.device)
    let (here, there) = (
      try Self.trained(configuration, on: TestedBackend.all[0]), try Self.trained(configuration, on: device)
    )
    #expect(here.history.count == 2)
    for (one, other) in zip(here.history, there.history) {
      #expect(abs(one.loss - other.loss) < 1e-4 * abs(one.loss), "\(one.loss), \(other.loss)")
    }
    #expect(here.state.counters == there.state.counters)
    // Shifts are near 0, where they began. Adam's first steps go as far for a gradient of rounding as for any other.
    let tolerance = Self.cases[index].optimizer == .sgd ? 1e-4 : 1e-2
    for (name, values) in here.state.values {
      let others = try #require(there.state.values[name])
      let norm = values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      let error = zip(values, others).map { Double($0) - Double($1) }.reduce(0) { $0 + $1 * $1 }.squareRoot()
      #expect(values.count == others.count && error <= tolerance * max(norm, 0.1), "\(name): \(error) of \(norm)")
    }
    #expect(here.state != there.state, "nothing was computed on the device")
  }

  /// Twice the same, whatever the number of threads that prepare the batches.
  @Test func theSameBytesOnAnyNumberOfThreads() throws {
    let device = try #require(TestedBackend.device)
    var configuration = Self.configuration(("smoothness", .adam, false))
    configuration.augmentation.crop = 2
    let bytes = try [1, 2].map { threads in
      try Engine.$here.withValue(device) {
        try ClassifierTraining(
          configuration, task: GlyphsPlugin(),
          options: TaskOptions(dataDirectory: nil, cacheDirectory: nil, threads: threads)
        ).trainer().train(threads: threads).checkpoint()
      }
    }
    #expect(bytes[0] == bytes[1])
  }

  /// There and back again.
  @Test func aStateOnTheDeviceIsTheState() throws {
    let device = try #require(TestedBackend.device)
    let network = try TrainableNetwork(
      architecture: "cnn-small", NetworkSize(inputShape: [1, 8, 8], classCount: 3, width: 3))
    let state = NetworkState(network.tensors, memoriesPerWeight: 2, initialisation: .pytorch, seed: 0)
    let steps = try Engine.$here.withValue(device) {
      try ResidentSteps(
        network, CrossEntropy(ObjectiveConfiguration()), batch: 4, classCount: 3, freezesStatistics: false,
        optimizer: OptimizerConfiguration().optimizer, clipping: 1, state: state, threads: 1,
        in: try #require(device.makeResidentTensors()))
    }
    var other = NetworkState(network.tensors, memoriesPerWeight: 2, initialisation: .pytorch, seed: 1)
    #expect(other != state)
    try steps.end(&other)
    #expect(other == state)
  }

  @Test func aLossThatIsNoNumberEndsTheTraining() throws {
    var configuration = Self.configuration(("cross-entropy", .sgd, false))
    configuration.optimizer.learningRate = 1e30
    configuration.gradientClipping = nil
    #expect {
      _ = try Self.trained(configuration, on: try #require(TestedBackend.device))
    } throws: { "\($0)".contains("diverged") }
  }
}
