import BenchCore
import Text

/// The attacks that can be asked for by name.
package enum AttackCatalogue {
  /// What a user may change of any of them; nil for the attack's own.
  package struct Options: Sendable, Equatable {
    package var steps: Int?
    package var restarts: Int?
    package var queries: Int?
    /// Of `pgd-*`, a run each; the others have their own.
    package var losses: [AttackLoss]?

    package init(
      steps: Int? = nil, restarts: Int? = nil, queries: Int? = nil, losses: [AttackLoss]? = nil
    ) {
      self.steps = steps
      self.restarts = restarts
      self.queries = queries
      self.losses = losses
    }
  }

  package struct Entry: Sendable {
    package let id: String
    package let summary: String
    let make: @Sendable (Options) -> any Attack
  }

  package static let entries: [Entry] =
    [AttackNorm.linf, .l2].flatMap { norm in
      let words = norm == .linf ? "Linf" : "L2"
      return [
        Entry(
          id: "pgd-\(norm.rawValue)",
          summary: "projected gradient ascent of cross-entropy, then of the margin, \(words)"
        ) {
          ProjectedGradient(
            norm: norm, steps: $0.steps ?? ProjectedGradient.defaultSteps,
            restarts: $0.restarts ?? 1, losses: $0.losses ?? ProjectedGradient.defaultLosses)
        },
        Entry(id: "apgd-ce-\(norm.rawValue)", summary: "APGD on the cross-entropy, \(words)") {
          AutoProjectedGradient(
            norm: norm, goal: .crossEntropy, steps: $0.steps ?? AutoProjectedGradient.defaultSteps,
            restarts: $0.restarts ?? 1)
        },
        Entry(id: "apgd-t-\(norm.rawValue)", summary: "APGD aimed at each other class, \(words)") {
          AutoProjectedGradient(
            norm: norm, goal: .targeted(AutoProjectedGradient.defaultTargets),
            steps: $0.steps ?? AutoProjectedGradient.defaultSteps, restarts: $0.restarts ?? 1)
        },
        Entry(
          id: "fab-t-\(norm.rawValue)",
          summary: "FAB aimed at each other class; minimises the size itself, \(words)"
        ) {
          FastAdaptiveBoundary(
            norm: norm, steps: $0.steps ?? FastAdaptiveBoundary.defaultSteps,
            restarts: $0.restarts ?? 1)
        },
        Entry(id: "square-\(norm.rawValue)", summary: "random search without gradients, \(words)") {
          SquareAttack(norm: norm, queries: $0.queries ?? 5000)
        },
        Entry(
          id: "autoattack-\(norm.rawValue)",
          summary:
            "AutoAttack's standard: apgd-ce, apgd-t, fab-t, square, each on what the others left, \(words)"
        ) { AttackSequence.autoAttack(norm, $0) },
      ]
    } + [
      Entry(id: "cw-l2", summary: "Carlini and Wagner's; minimises the size itself, L2") {
        CarliniWagner(steps: $0.steps ?? CarliniWagner.defaultSteps)
      },
      Entry(
        id: "spatial-rotation",
        summary:
          "all rotations and shifts of a grid, as shares of 30 degrees and a tenth of the side"
      ) { _ in
        RotationTranslation()
      },
      Entry(id: "spatial-flow", summary: "pixels displaced by a smooth field, in pixels") {
        SpatialFlow(steps: $0.steps ?? ProjectedGradient.defaultSteps)
      },
    ]

  /// - Throws: `AttackError.unknown`.
  package static func make(_ id: String, _ options: Options = Options()) throws(AttackError)
    -> any Attack
  {
    guard let entry = entries.first(where: { $0.id == id }) else {
      let known = entries.map(\.id)
      throw .unknown(id: id, known: known)
    }
    return entry.make(options)
  }
}
