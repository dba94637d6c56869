import BenchCore
import JSON

/// What all models of a sweep's folder have in common: `configuration.json`. Strengths and seeds are not part of it, because
/// a sweep may be extended.
public struct SweepDefinition: Sendable, Equatable, Codable {
  public static let currentSchemaVersion = 1

  public var schemaVersion = Self.currentSchemaVersion
  public var task: TaskVersion
  public var architecture: String
  public var objective: String
  /// The complete configuration of a training but for strength and seed.
  public var recipe: JSONValue
  public var evaluation: EvaluationOptions

  public struct TaskVersion: Sendable, Equatable, Codable {
    public var id: String
    public var version: Int
    public var classes: Int

    public init(id: String, version: Int, classes: Int) {
      (self.id, self.version, self.classes) = (id, version, classes)
    }
  }

  public struct EvaluationOptions: Sendable, Equatable, Codable {
    public var images: Int
    public var seed: UInt64
    /// Thresholds in place of the task's own.
    public var criteria: CriteriaSource?
    /// Asked beside the task's density.
    public var reference: SecondReference?

    public init(
      images: Int, seed: UInt64, criteria: CriteriaSource? = nil, reference: SecondReference? = nil
    ) {
      self.images = images
      self.seed = seed
      self.criteria = criteria
      self.reference = reference
    }

    public struct SecondReference: Sendable, Equatable, Codable {
      /// The plugin's.
      public var id: String
      /// Of its checkpoint.
      public var sha256: String?

      public init(id: String, sha256: String?) { (self.id, self.sha256) = (id, sha256) }
    }

    /// Whether a result was measured so.
    func describe(_ result: EvaluationResult) -> Bool {
      result.measurementProtocol.images == images && result.measurementProtocol.seed == seed
        && result.task.criteria == criteria
        && result.task.secondReference.map { .init(id: $0.id, sha256: $0.learned?.checkpoint.sha256) } == reference
    }
  }

  public init(
    task: TaskVersion, architecture: String, objective: String, recipe: JSONValue, evaluation: EvaluationOptions
  ) {
    self.task = task
    self.architecture = architecture
    self.objective = objective
    self.recipe = recipe
    self.evaluation = evaluation
  }
}
