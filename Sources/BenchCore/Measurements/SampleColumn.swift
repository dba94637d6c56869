/// The names of the columns of a `SampleTable`. They are part of the format of the saved samples.
public enum SampleColumn {
  /// 1 where the predicted class is the label, otherwise 0.
  public static let correct = "correct"
  /// d - k over d at the image: the share of a random direction's energy that lies off the tangent space.
  public static let chance = "relative-robustness/chance"
  /// Definition 1's numerator and denominator: mean squared changes of the logit over the draws.
  public static let offManifoldResponse = "relative-robustness/off-manifold-response"
  public static let response = "relative-robustness/response"
  /// The same with the gradient as a control variate.
  public static let controlledOffManifoldResponse = "relative-robustness/controlled-off-manifold-response"
  public static let controlledResponse = "relative-robustness/controlled-response"
  /// Definition 2, its numerator and its denominator.
  public static let gradientShare = "relative-robustness/gradient-share"
  public static let offManifoldGradient = "relative-robustness/off-manifold-gradient"
  public static let gradient = "relative-robustness/gradient"
  /// `correct` of the exact Bayes classifier.
  public static let referenceCorrect = "reference/correct"

  /// 1 where the classifier of the task's density, without noise, is right.
  public static let densityCorrect = "density/correct"
  /// `CalibratedTemperature.influences`.
  public static let temperatureInfluence = "calibrated/temperature-influence"

  /// A sensitivity at calibrated temperature, and its derivative with respect to the logarithm of the logits' factor.
  public static func calibrated(_ column: String) -> String { "calibrated/\(column)" }
  public static func calibratedSlope(_ column: String) -> String { "calibrated-slope/\(column)" }

  /// A column about the second reference, named as that about the task's density.
  public static func second(_ column: String) -> String { "second/\(column)" }

  public static func onManifold(step: Double) -> String { "on-manifold/\(brief(step))" }
  public static func offManifold(step: Double) -> String { "off-manifold/\(brief(step))" }
  /// On-manifold sensitivity of the exact Bayes classifier, along the same directions.
  public static func referenceOnManifold(step: Double) -> String { "reference/on-manifold/\(brief(step))" }
  public static func signal(noise: Double) -> String { "distractor/signal/\(brief(noise))" }
  public static func distractor(noise: Double) -> String { "distractor/distractor/\(brief(noise))" }
}

/// A number's shortest text that reads back the same, without a trailing `.0`.
func brief(_ value: Double) -> String {
  let text = "\(value)"
  return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
}
