import BenchCore
import Text

/// All objectives of classifiers. Adding one is a file and a line here.
package enum ObjectiveCatalogue {
  package static let all: [any Objective.Type] = [
    CrossEntropy.self, GradientNorm.self, Smoothness.self, RandomizedSmoothing.self, AdversarialL2.self,
    AdversarialLinf.self,
    AlignmentPenalty.self,
  ]

  /// - Throws: `TrainingError.unknownObjective`.
  package static func make(_ configuration: ObjectiveConfiguration) throws -> any Objective {
    guard let type = all.first(where: { $0.id == configuration.name }) else {
      let known = all.map { $0.id }
      throw TrainingError.unknownObjective(
        name: configuration.name, known: known)
    }
    return try type.init(configuration)
  }
}
