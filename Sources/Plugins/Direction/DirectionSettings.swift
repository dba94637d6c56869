import Attacks
import BenchCore
import Mixtures
import Networks

/// By which estimates the way to the closest other class is found, for `direction`, for `evaluate --direction` and for training.
public struct DirectionSettings: Sendable, Equatable {
  /// In the order in which they are told where nobody chooses.
  public static let known = ["exact", "nearest", "nearest-mean", "density", "projected", "learned"]
  /// How many training images the nearest are looked for among where nobody says, unless they would take more than a gibibyte.
  public static let usualReferenceImages = 10_000
  private static let usualNumbers = 1 << 28

  /// Of `known`, each once; nil for all that the task has.
  public var estimators: [String]?
  /// Training images among which the nearest are looked for, the first ones; nil for the usual number.
  public var referenceImages: Int?
  /// The file of the estimate `learned`: a generator (docs/direction.md).
  public var generator: String?
  /// Steps of a projection onto what an ONNX generator makes, without the penalty and then with it.
  public var generatorSteps = [600, 150]
  /// Factor of the penalty on its vector.
  public var generatorPenalty = 0.03

  public init(_ estimators: [String]? = nil, referenceImages: Int? = nil) {
    (self.estimators, self.referenceImages) = (estimators, referenceImages)
  }

  /// What is wrong with the names; nil where nothing is.
  package var problem: String? {
    guard let estimators else { return nil }
    guard !estimators.isEmpty, estimators.allSatisfy(Self.known.contains), Set(estimators).count == estimators.count
    else { return "different ones of \(Self.known.joined(separator: ", "))" }
    return estimators.contains("learned") == (generator != nil)
      ? nil : "`learned` where a generator is named with --generator, and only there"
  }

  /// - Parameters:
  ///   - threads: no number depends on them.
  ///   - files: whose descriptions are looked through.
  /// - Throws: `EvaluationError.invalidConfiguration` for names that the task does not know, `AttackError.noImages`, and what reading
  ///   a generator throws.
  package func estimators(
    of task: any BenchmarkTask, threads: Int, files: ProjectFiles? = .locate()
  ) throws -> DirectionEstimators {
    func refused(_ name: String, _ lacks: String) -> EvaluationError {
      .invalidConfiguration(
        option: "--estimators", expected: "those that task \(task.id) has, which has \(lacks)", got: name)
    }
    if let problem {
      throw EvaluationError.invalidConfiguration(
        option: "--estimators", expected: problem, got: (estimators ?? []).joined(separator: ","))
    }
    let wanted = estimators ?? Self.known
    var groups: [any ClosestPointEstimates] = []
    /// Adds an estimate that the task may lack.
    func add(_ name: String, _ points: (any ClosestPoints)?, otherwise lacks: String) throws {
      guard wanted.contains(name) else { return }
      if let points {
        groups.append(SingleEstimate(points))
      } else if estimators != nil {
        throw refused(name, lacks)
      }
    }
    try add("exact", task.closestPoints, otherwise: "no exact way to another class")
    let neighbours = wanted.compactMap { name in
      switch name {
      case "nearest": 1
      case "nearest-mean": NearestImages.neighboursOfMean
      default: nil
      }
    }
    if !neighbours.isEmpty {
      let usual = min(Self.usualReferenceImages, max(2, Self.usualNumbers / max(1, task.imageShape.count)))
      // Seed 7: that of a training that says nothing.
      if let images = try task.trainingImages(count: nil, seed: 7) {
        groups.append(try NearestImages(images, count: referenceImages ?? usual, neighbours: neighbours))
      } else if estimators != nil {
        throw refused(neighbours[0] == 1 ? "nearest" : "nearest-mean", "no training images")
      }
    }
    let noise = task.protocolConstants.decisiveNoise
    try add("density", task.density.map { DensityStep($0, noise: noise) }, otherwise: "no density")
    try add(
      "projected", (task.density as? FactorMixture).map { MixtureClosestPoints($0) }, otherwise: "no fitted mixture")
    if let generator, wanted.contains("learned") {
      var projection = ONNXGenerator.Projection()
      (projection.steps, projection.penalty) = (generatorSteps, generatorPenalty)
      let learned = try LearnedPoints(
        generator, of: task, projection: projection, threads: threads, files: files)
      try add("learned", learned, otherwise: "")
    }
    let estimates = DirectionEstimators(
      groups, order: wanted, noise: wanted.contains("density") && task.density != nil ? noise : nil)
    guard !estimates.ids.isEmpty else { throw refused("none", "no estimate of the way to another class at all") }
    return estimates
  }
}
