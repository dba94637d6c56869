import BenchCore
import Foundation

/// Two evaluations of one model compared: the recorded one and another.
package enum Recheck {
  package enum Outcome: Sendable, Equatable {
    /// All numbers are the same.
    case identical
    /// The regime is, and every number lies in the other's interval: another machine, another seed.
    case agrees
    case disagrees([String])
  }

  package static func compare(recorded: EvaluationResult, measured: EvaluationResult) -> Outcome {
    var (first, second) = (recorded, measured)
    second.provenance = first.provenance
    (first.externalEvaluation, second.externalEvaluation) = (nil, nil)
    // Networks are not trained again for it.
    (first.roar, second.roar) = (nil, nil)
    if first == second { return .identical }
    var differences: [String] = []
    if recorded.regime.label != measured.regime.label || recorded.hasVerdict != measured.hasVerdict {
      differences.append(
        "regime: recorded \(recorded.regime.label.word), measured \(measured.regime.label.word)")
    }
    let pairs =
      zip(numbers(recorded), numbers(measured)).map { ($0.name, $0.value, $1.value) } + robustness(recorded, measured)
      + directions(recorded, measured)
    for (name, first, second) in pairs where !overlap(first, second) {
      differences.append("\(name): recorded \(shown(first)), measured \(shown(second))")
    }
    return differences.isEmpty ? .agrees : .disagrees(differences)
  }

  /// The numbers that a place on the leaderboard rests on.
  private static func numbers(_ result: EvaluationResult) -> [(name: String, value: Estimate)] {
    let evidence = result.regime.evidence
    return [
      ("accuracy", result.measurements.accuracy), ("sensitivity ratio R", evidence.sensitivityRatio),
      ("alignment G", evidence.alignment),
      (
        "relative robustness",
        result.measurements.relativeRobustness?.definition2.estimate ?? Estimate(value: nil, low: nil, high: nil)
      ),
    ]
  }

  /// Of the attacks that both were made with, robust accuracy at the radii that both tell and the median radius.
  private static func robustness(
    _ recorded: EvaluationResult, _ measured: EvaluationResult
  ) -> [(String, Estimate, Estimate)] {
    (recorded.robustness ?? []).flatMap { entry -> [(String, Estimate, Estimate)] in
      guard let other = measured.robustness?.first(where: { $0.attack.id == entry.attack.id }) else { return [] }
      let robust = entry.robustAccuracy.compactMap { told in
        other.robustAccuracy.first { $0.radius == told.radius }.map {
          ("robust accuracy under \(entry.attack.id)", told.accuracy, $0.accuracy)
        }
      }
      // One that lies beyond the largest radius is larger than all others.
      func told(_ median: Estimate) -> Estimate {
        Estimate(value: median.value ?? .infinity, low: median.low ?? .infinity, high: median.high ?? .infinity)
      }
      return robust
        + [("median radius under \(entry.attack.id)", told(entry.medianRadius), told(other.medianRadius))]
    }
  }

  /// alpha by the estimators of both.
  private static func directions(
    _ recorded: EvaluationResult, _ measured: EvaluationResult
  ) -> [(String, Estimate, Estimate)] {
    (recorded.direction?.alphaDx ?? []).compactMap { alpha in
      measured.direction?.alphaDx.first { $0.estimator == alpha.estimator }.map {
        ("alpha dx by \(alpha.estimator)", alpha.value, $0.value)
      }
    }
  }

  /// Whether either value lies in the other's interval; undefined numbers agree with undefined ones.
  private static func overlap(_ first: Estimate, _ second: Estimate) -> Bool {
    func contains(_ interval: Estimate, _ value: Double) -> Bool {
      (interval.low ?? -.infinity) <= value && value <= (interval.high ?? .infinity)
    }
    guard let a = first.value, let b = second.value else { return (first.value == nil) == (second.value == nil) }
    return a == b || contains(first, b) || contains(second, a)
  }

  private static func shown(_ estimate: Estimate) -> String {
    func number(_ value: Double?) -> String { value.map { String(format: "%.4g", $0) } ?? "-" }
    return "\(number(estimate.value)) [\(number(estimate.low)), \(number(estimate.high))]"
  }
}
