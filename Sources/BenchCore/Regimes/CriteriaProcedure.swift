import Foundation

/// How the thresholds of a task whose density is fitted are chosen, on whatever data there is, from networks whose training is
/// known.
///
/// Robust networks are alike in R, standard ones are not (0.9 to 8 on CIFAR-10), so the threshold on R is anchored on the robust
/// ones; and the share that tells an aligned gradient from a standard one's is asked only of networks that R lets pass:
///
///     robustRatio   = 1.25 max over robust networks of R                    (nearest multiple of 0.01, from 0.75 to 1)
///     specificShare = max over standard networks of the share, of those whose R is not above robustRatio in nearly all
///                     resamples                                             (the next multiple of 0.05 above)
///     templateShare = 0.9 min over robust networks of the share             (down to a multiple of 0.01; at most specificShare)
///
/// The bounds on robustRatio: off-manifold steps that move a network more than steps on the manifold are no robustness (section 3 of the
/// paper), and a few robust networks that are all far below are no reason to call others weak. Where no standard network passes R, specificShare is templateShare. The standards of comparable size that A and K are relative to
/// are the standard networks.
package enum CriteriaProcedure {
  /// Raised whenever the formulas change.
  package static let version = 1

  /// What the procedure needs of a network that was measured.
  package struct Network: Sendable, Equatable {
    package var name: String
    package var parameters: Int
    package var accuracy: Double
    /// On-manifold sensitivity at the small step, at calibrated temperature.
    package var onManifold: Double
    package var ratio: Estimate
    package var share: Estimate

    package init(
      name: String, parameters: Int, accuracy: Double, onManifold: Double, ratio: Estimate, share: Estimate
    ) {
      self.name = name
      self.parameters = parameters
      self.accuracy = accuracy
      self.onManifold = onManifold
      self.ratio = ratio
      self.share = share
    }

    /// - Throws: `CriteriaError` for a result of another rule, or without one of the numbers.
    package init(_ result: EvaluationResult) throws(CriteriaError) {
      guard case .v2(let evidence) = result.regime.evidence else {
        throw .otherRule(model: result.model.id, got: result.measurementProtocol.rule)
      }
      guard let accuracy = result.measurements.accuracy.value, let onManifold = evidence.signal.onManifold.value,
        evidence.robustness.ratio.value != nil, evidence.alignment.share.value != nil
      else { throw .undefined(model: result.model.id) }
      self.init(
        name: result.model.id, parameters: result.model.parameters, accuracy: accuracy, onManifold: onManifold,
        ratio: evidence.robustness.ratio, share: evidence.alignment.share)
    }
  }

  /// - Parameters:
  ///   - base: the task's own, whose other numbers stay.
  ///   - standards: networks trained without a robustness objective.
  ///   - robust: networks trained for robustness that kept their signal.
  /// - Throws: `CriteriaError.tooFew`.
  package static func criteria(
    _ base: RegimeCriteria, standards: [Network], robust: [Network]
  ) throws(CriteriaError) -> RegimeCriteria {
    guard let largestRatio = robust.compactMap(\.ratio.value).max(),
      let smallestShare = robust.compactMap(\.share.value).min(), !standards.isEmpty
    else { throw .tooFew(standards: standards.count, robust: robust.count) }
    var result = base
    result.robustRatio = min(1, max(0.75, rounded(1.25 * largestRatio, to: 0.01, .toNearestOrEven)))
    let passing = standards.filter { ($0.ratio.low ?? .infinity) < result.robustRatio }.compactMap(\.share.value)
    let template = rounded(0.9 * smallestShare, to: 0.01, .down)
    result.specificShare = passing.max().map { rounded($0, to: 0.05, .up) } ?? template
    result.templateShare = min(template, result.specificShare)
    result.standards = standards.map {
      RecordedStandard($0.name, parameters: $0.parameters, accuracy: $0.accuracy, onManifold: $0.onManifold)
    }
    return result
  }

  private static func rounded(_ value: Double, to step: Double, _ rule: FloatingPointRoundingRule) -> Double {
    // Through the reciprocal, a whole number: 0.3 is to come out as 0.3.
    let steps = (1 / step).rounded()
    return (value * steps).rounded(rule) / steps
  }
}
