import Foundation
import Tensor

@testable import BenchCore

/// Synthetic samples for rule v2: robust, aligned, and like its standard in everything unless told otherwise.
struct RuleV2Case {
  var off = 0.2
  var on = 0.4
  var small = 0.08
  var accuracy = 0.95
  var densityAccuracy = 0.9
  /// G.
  var cosine = 0.55
  /// The alignment beyond the image, and the share of it that is the image's own.
  var beyond = 0.5
  var share = 0.5
  var temperatureScale: Double? = 1.5
  var parameters = 1000
  var isExact = false
  var bayesSmall = 0.08
  var criteria = RegimeCriteria(robustRatio: 1, specificShare: 0.25, densityAccuracy: 0.9, tells: "everything")
  /// Measured on the same images.
  var standard: Twin? = Twin()
  var stated: StandardReference.Stated?
  /// A second reference: the accuracy of its classifier, and as `beyond` and `share`.
  var second: Second?
  var learnedManifold: String?
  var reservations: [RegimeReservation] = []
  /// Standard deviation of the columns, relative to their means.
  var spread = 0.1
  /// Of the sensitivity at the small step with the logarithm of the logits' factor, and the deviation of the influences.
  var slope = 0.0
  var influence = 0.0

  struct Twin {
    var accuracy = 0.95
    var small = 0.08
    /// What belongs to the image; nil in samples from before it was measured.
    var specific: Double?
    /// At the wide step.
    var off = 0.2
    var on = 0.4
  }

  struct Second {
    var accuracy = 0.9
    var beyond = 0.3
    var share = 0.5
  }

  static let images = 400
  static let steps = (wide: 8.0, small: 2.0)

  /// Criteria of a task whose density is exact, as those of `glyphs`.
  static let exactCriteria = RegimeCriteria(
    robustRatio: 1, specificShare: 0.25, cosine: 0.45, densityAccuracy: 0.85, densitySensitivity: 0.75,
    tells: "everything")

  static func exact(_ change: (inout RuleV2Case) -> Void = { _ in }) -> RuleV2Case {
    var result = RuleV2Case()
    result.isExact = true
    result.criteria = exactCriteria
    result.standard = nil
    change(&result)
    return result
  }

  var inputs: RegimeInputs {
    RegimeInputs(
      classCount: 10, wideStep: Self.steps.wide, smallStep: Self.steps.small, densityIsExact: isExact,
      decisive: AlignmentColumns(
        reference: .classifier, target: .logOddsPredicted, metric: CosineMetric().id, noise: 0.5),
      calibration: isExact ? .bayes(gate: 0.45) : .none, standardAccuracy: nil, criteria: criteria,
      parameters: parameters, temperatureScale: temperatureScale, standard: reference,
      secondReference: second == nil ? nil : "second", learnedManifold: learnedManifold, reservations: reservations)
  }

  private var reference: StandardReference? {
    guard standard != nil || stated != nil else { return nil }
    return StandardReference(id: "twin", sha256: nil, stated: stated)
  }

  var samples: SampleTable {
    let stream = RandomStream(seed: 4, name: "synthetic v2")
    var columns = 0
    func around(_ mean: Double) -> [Double] {
      columns += 1
      return stream.normals(item: columns, count: Self.images).map { mean * (1 + spread * $0) }
    }
    func constant(_ value: Double) -> [Double] { [Double](repeating: value, count: Self.images) }
    // The first images are the right ones for all: what one knows, the others know.
    func shares(_ share: Double) -> [Double] {
      (0..<Self.images).map { Double($0) < share * Double(Self.images) - 0.5 ? 1 : 0 }
    }
    let smallColumn = SampleColumn.onManifold(step: Self.steps.small)
    var table = SampleTable([
      (SampleColumn.correct, shares(accuracy)), (SampleColumn.densityCorrect, shares(densityAccuracy)),
      (
        SampleColumn.temperatureInfluence,
        stream.normals(item: 0, count: Self.images).map { influence * $0 }
      ),
      (ImageAlignment.whole, around(cosine)), (ImageAlignment.cosine, around(beyond)),
      (ImageAlignment.specific, around(beyond * share)),
    ])
    for (name, mean, slope) in [
      (smallColumn, small, slope), (SampleColumn.onManifold(step: Self.steps.wide), on, 0.0),
      (SampleColumn.offManifold(step: Self.steps.wide), off, 0.0),
    ] {
      table.append(SampleColumn.calibrated(name), around(mean))
      table.append(SampleColumn.calibratedSlope(name), constant(slope))
    }
    if isExact { table.append(SampleColumn.referenceOnManifold(step: Self.steps.small), around(bayesSmall)) }
    if let second {
      table.append(SampleColumn.second(SampleColumn.correct), shares(second.accuracy))
      table.append(SampleColumn.second(ImageAlignment.cosine), around(second.beyond))
      table.append(SampleColumn.second(ImageAlignment.specific), around(second.beyond * second.share))
    }
    if let standard {
      for (name, values) in [
        (SampleColumn.correct, shares(standard.accuracy)), (SampleColumn.temperatureInfluence, constant(0)),
        (SampleColumn.calibrated(smallColumn), around(standard.small)),
        (SampleColumn.calibratedSlope(smallColumn), constant(0)),
      ] { table.append(RegimeRuleV2.standardColumn(name), values) }
      if let specific = standard.specific {
        table.append(RegimeRuleV2.standardColumn(ImageAlignment.specific), around(specific))
        for (name, mean) in [
          (SampleColumn.onManifold(step: Self.steps.wide), standard.on),
          (SampleColumn.offManifold(step: Self.steps.wide), standard.off),
        ] {
          table.append(RegimeRuleV2.standardColumn(SampleColumn.calibrated(name)), around(mean))
          table.append(RegimeRuleV2.standardColumn(SampleColumn.calibratedSlope(name)), constant(0))
        }
      }
    }
    return table
  }

  func means(resamples: Int = 400) -> ResampledMeans {
    Bootstrap(imageCount: Self.images, resamples: resamples, seed: 1).means(of: samples)
  }

  func verdict() throws -> RegimeVerdict { try RegimeRule.verdict(version: "v2", from: means(), inputs) }
}
