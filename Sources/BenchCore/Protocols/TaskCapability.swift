/// What a task may have or lack.
public enum TaskCapability: String, Sendable, Codable, CaseIterable {
  case manifold, score, density
  /// Thresholds of the regime rule, validated on models of the task.
  case criteria

  /// Whether the regime rule cannot be applied without it.
  public var isNeededByRule: Bool { self != .score }

  /// What the task then does not have, for sentences.
  package var words: String {
    switch self {
    case .manifold: "no manifold (tangent spaces)"
    case .score: "no score"
    case .density: "no density whose classifier gradients could be compared with"
    case .criteria: "no criteria (thresholds validated on its models)"
    }
  }

  /// What is therefore not measured; nil where that is nothing.
  var unmeasured: String? {
    switch self {
    case .manifold: "sensitivities on and off the manifold and relative robustness"
    case .score: "alignments with the score"
    case .density: "alignments with a reference classifier and with class-conditional scores"
    case .criteria: nil
    }
  }
}
