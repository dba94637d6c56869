import BenchCore
import JSON

/// What all models of a sweep's folder have in common: `configuration.json`. Strengths and seeds are not part of it, because
/// a sweep may be extended.
package struct SweepDefinition: Sendable, Equatable, Codable {
  package static let currentSchemaVersion = 1

  package var schemaVersion = Self.currentSchemaVersion
  package var task: TaskVersion
  package var architecture: String
  package var objective: String
  /// The complete configuration of a training but for strength and seed.
  package var recipe: JSONValue
  package var evaluation: EvaluationOptions

  package struct TaskVersion: Sendable, Equatable, Codable {
    package var id: String
    package var version: Int
    package var classes: Int

    package init(id: String, version: Int, classes: Int) {
      (self.id, self.version, self.classes) = (id, version, classes)
    }
  }

  package struct EvaluationOptions: Sendable, Equatable, Codable {
    package var images: Int
    package var seed: UInt64
    /// Thresholds in place of the task's own.
    package var criteria: CriteriaSource?
    /// Asked beside the task's density.
    package var reference: SecondReference?
    /// Their names, and how many images they were made on where that was chosen; nil without.
    package var attacks: [String]?
    package var attackedImages: Int?
    /// Of the images: a data set may change under its name. Nil for results that need not agree in it.
    package var digest: String?

    package init(
      images: Int, seed: UInt64, criteria: CriteriaSource? = nil, reference: SecondReference? = nil,
      attacks: [String]? = nil, attackedImages: Int? = nil, digest: String? = nil
    ) {
      self.digest = digest
      self.images = images
      self.seed = seed
      self.criteria = criteria
      self.reference = reference
      self.attacks = attacks
      self.attackedImages = attackedImages
    }

    package struct SecondReference: Sendable, Equatable, Codable {
      /// The plugin's.
      package var id: String
      /// Of its checkpoint.
      package var sha256: String?

      package init(id: String, sha256: String?) { (self.id, self.sha256) = (id, sha256) }
    }

    /// Whether a result was measured so.
    func describe(_ result: EvaluationResult) -> Bool {
      result.measurementProtocol.images == images && result.measurementProtocol.seed == seed
        && result.task.criteria == criteria && (digest == nil || result.task.dataset.digest == digest)
        && result.task.secondReference.map { .init(id: $0.id, sha256: $0.learned?.checkpoint.sha256) } == reference
        && result.robustness?.map(\.attack.id) == attacks
    }
  }

  package init(
    task: TaskVersion, architecture: String, objective: String, recipe: JSONValue, evaluation: EvaluationOptions
  ) {
    self.task = task
    self.architecture = architecture
    self.objective = objective
    self.recipe = recipe
    self.evaluation = evaluation
  }
}
