/// What a plugin that is made from files is to an evaluation; the raw value is the name of the option that chooses one.
public enum ReferenceKind: String, Sendable, CaseIterable {
  case manifold, score, reference, metric

  /// As one of them is called.
  package var name: String { self == .reference ? "second reference" : rawValue }

  /// Above a list of them.
  package var heading: String {
    switch self {
    case .manifold: "Manifolds beside the tasks' own"
    case .score: "Scores beside the tasks' own"
    case .reference: "Second references, asked beside the tasks' densities"
    case .metric: "Metrics by which gradients are compared with scores"
    }
  }
}

extension PluginSet {
  /// All of a kind: whoever lists them goes through `ReferenceKind.allCases`, and need not know which kinds there are.
  package func references(_ kind: ReferenceKind) -> [any ReferencePlugin.Type] {
    switch kind {
    case .manifold: manifolds
    case .score: scores
    case .reference: posteriorScores
    case .metric: metrics
    }
  }
}
