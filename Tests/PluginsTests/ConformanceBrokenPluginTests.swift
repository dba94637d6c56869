import BenchCore
import Checkpoints
import Foundation
import Tensor
import Testing
import _Fixtures
import _TestSupport

@testable import Mixtures

/// That broken tasks and plugins are reported.
@Suite struct ConformanceBrokenPluginTests {
  private func toy(_ flaw: BrokenTask.Flaw?) throws -> BrokenTask {
    let mixture = try MixtureFixtures.known()
    return BrokenTask(
      flaw: flaw, mixture: mixture, stored: try MixtureFixtures.dataset(40, split: "conformance").prefix(40))
  }

  @Test func soundOneConforms() throws { expectNone(TaskConformance.problems(try toy(nil))) }

  @Test("broken tasks are reported", arguments: BrokenTask.Flaw.allCases)
  func task(flaw: BrokenTask.Flaw) throws {
    expect(flaw.violated, in: TaskConformance.problems(try toy(flaw)))
  }

  @Test("a task plugin that needs data and says nothing is reported")
  func taskPlugin() {
    let problems = TaskPluginConformance.problems(SilentTaskPlugin())
    expect(.errorMessage, in: problems)
    expect(.declaration, in: problems)
  }

  @Test("a model plugin that goes by name and takes anything is reported")
  func modelPlugin() throws {
    let data = try SafetensorsWriter.encode([TensorToWrite(name: "w", shape: [2], floats: [1, 2])])
    let sample = ModelPluginConformance.Sample(
      CheckpointFile(name: "toy.safetensors", data: data), options: LoadOptions())
    let problems = ModelPluginConformance.problems(CarelessPlugin.self, samples: [sample])
    expect(.recognition, in: problems)
    expect(.refusal, in: problems)
    expect(.declaration, in: problems)
    #expect(problems.contains { $0.finding.hasPrefix("empty.pt") })
  }
}

/// A task on a known mixture, with at most one flaw.
struct BrokenTask: BenchmarkTask {
  enum Flaw: String, CaseIterable, Sendable {
    case notPrefixStable, labelOutOfRange, shortMask, emptyMask, noMaskOfFew, wrongAccuracy, wrongDimension,
      descendingSteps, inexactBayes, nan
    case impossibleCriteria, impossibleStandard

    var violated: ConformanceRequirement {
      switch self {
      case .notPrefixStable, .labelOutOfRange, .noMaskOfFew: .images
      case .shortMask: .shape
      case .wrongAccuracy, .wrongDimension, .inexactBayes: .consistency
      case .emptyMask, .descendingSteps, .impossibleCriteria, .impossibleStandard: .declaration
      case .nan: .finite
      }
    }
  }

  let flaw: Flaw?
  let mixture: FactorMixture
  let stored: ImageSet

  let id = "toy"
  let version = 1
  let classNames = ["a", "b"]
  var imageShape: Shape { mixture.imageShape }
  var defaultImageCount: Int { stored.labels.count }
  var manifold: (any Manifold)? { MixtureManifold(mixture: mixture, dimension: 2, threads: 1) }
  var score: (any Score)? { DensityScore(mixture) }
  var density: (any ClassConditionalDensity)? { mixture }
  var densityIsExact: Bool { flaw != .inexactBayes }
  var calibration: RegimeCalibration { .bayes(gate: 0.5) }
  var criteria: RegimeCriteria? {
    // No better than guessing between two classes, where impossible.
    let standard = RecordedStandard(
      "standard", parameters: 100, accuracy: flaw == .impossibleStandard ? 0.5 : 0.9, onManifold: 0.1)
    return RegimeCriteria(
      robustRatio: flaw == .impossibleCriteria ? 0 : 1, specificShare: 0.2, cosine: 0.5, densityAccuracy: 0.85,
      densitySensitivity: 0.75, standards: [standard], tells: "all regimes")
  }
  var protocolConstants: ProtocolConstants {
    ProtocolConstants(
      stepSizes: flaw == .descendingSteps ? [2, 1] : [1, 2], wideStep: 2, smallStep: 1, scoreNoises: [0.1],
      alignmentNoises: [0.1, 0.5], decisiveNoise: 0.1, robustnessNoise: 0.01)
  }
  var quality: ReferenceQuality? {
    ReferenceQuality(
      heldOutLogLikelihood: nil, accuracy: flaw == .wrongAccuracy ? 0.01 : 0.99, images: 100,
      manifoldDimension: flaw == .wrongDimension ? 3 : 2)
  }

  func evaluationImages(count: Int, seed: UInt64) throws -> ImageSet {
    let start = flaw == .notPrefixStable ? stored.labels.count - count : 0
    var images = stored.images[batch: start..<start + count]
    var labels = Array(stored.labels[start..<start + count])
    if flaw == .labelOutOfRange, count > 0 { labels[0] = 2 }
    if flaw == .nan, count > 0 { images.scalars[0] = .nan }
    // One mask for each image: every other one is that of other pixels.
    let masks = (0..<count).map { image in
      (0..<(flaw == .shortMask ? 19 : 20)).map { flaw != .emptyMask && ($0 < 10) == (image % 2 == 0) }
    }
    return ImageSet(
      name: stored.name, split: stored.split, images: images, labels: labels,
      signalMask: flaw == .noMaskOfFew && count < 3 ? nil : SignalMask(ofImages: masks))
  }
}

struct SilentTaskPlugin: TaskPlugin {
  let id = "silent"
  let summary = "Two sentences. On one line"
  let dataRequirement: String? = "files"

  private struct Failure: Error, CustomStringConvertible {
    let description = "failed"
  }

  func make(_ options: TaskOptions) throws -> any BenchmarkTask { throw Failure() }
}

struct CarelessPlugin: ModelPlugin {
  static let id = "careless"
  static let version = ""
  static let summary = "takes anything"

  init() {}

  static func recognizes(_ probe: FileProbe) -> Bool { probe.name.hasSuffix(".pt") }

  func load(
    _ checkpoint: CheckpointFile, _ description: ModelDescription?, _ options: LoadOptions
  ) throws -> LoadedModel {
    LoadedModel(
      classifier: ToyClassifier(flaw: nil), architecture: "toy", parameters: 1,
      preprocessing: .identity(channels: 1), preprocessingIsAssumed: false, notes: [])
  }
}
