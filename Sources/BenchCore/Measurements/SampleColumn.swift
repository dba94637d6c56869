/// The names of the columns of a `SampleTable`. They are part of the format of the saved samples.
package enum SampleColumn {
  /// 1 where the predicted class is the label, otherwise 0.
  package static let correct = "correct"
  /// d - k over d at the image: the share of a random direction's energy that lies off the tangent space.
  package static let chance = "relative-robustness/chance"
  /// Definition 1's numerator and denominator: mean squared changes of the logit over the draws.
  package static let offManifoldResponse = "relative-robustness/off-manifold-response"
  package static let response = "relative-robustness/response"
  /// The same with the gradient as a control variate.
  package static let controlledOffManifoldResponse = "relative-robustness/controlled-off-manifold-response"
  package static let controlledResponse = "relative-robustness/controlled-response"
  /// Definition 2, its numerator and its denominator.
  package static let gradientShare = "relative-robustness/gradient-share"
  package static let offManifoldGradient = "relative-robustness/off-manifold-gradient"
  package static let gradient = "relative-robustness/gradient"
  /// `correct` of the exact Bayes classifier.
  package static let referenceCorrect = "reference/correct"

  /// 1 where the classifier of the task's density, without noise, is right.
  package static let densityCorrect = "density/correct"
  /// `CalibratedTemperature.influences`.
  package static let temperatureInfluence = "calibrated/temperature-influence"

  /// A sensitivity at calibrated temperature, and its derivative with respect to the logarithm of the logits' factor.
  package static func calibrated(_ column: String) -> String { "calibrated/\(column)" }
  package static func calibratedSlope(_ column: String) -> String { "calibrated-slope/\(column)" }

  /// A column about the second reference, named as that about the task's density.
  package static func second(_ column: String) -> String { "second/\(column)" }

  package static func onManifold(step: Double) -> String { "on-manifold/\(brief(step))" }
  package static func offManifold(step: Double) -> String { "off-manifold/\(brief(step))" }
  /// On-manifold sensitivity of the exact Bayes classifier, along the same directions.
  package static func referenceOnManifold(step: Double) -> String { "reference/on-manifold/\(brief(step))" }
  package static func signal(noise: Double) -> String { "distractor/signal/\(brief(noise))" }
  package static func distractor(noise: Double) -> String { "distractor/distractor/\(brief(noise))" }
}

/// A number's shortest text that reads back the same, without a trailing `.0`.
package func brief(_ value: Double) -> String {
  let text = "\(value)"
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}
