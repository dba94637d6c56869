import BenchCore
import Tensor

/// How far a classifier is from references.
package struct ClassifierAgreement {
  /// Largest |logit - reference| / (1e-4 + 1e-4 |reference|).
  package private(set) var logitError = 0.0
  /// Of each image.
  package private(set) var relativeErrors: [Double] = []
  package private(set) var cosines: [Double] = []

  package init(_ classifier: any Classifier, images: Tensor, logits: Tensor, target: GradientTarget, gradient: Tensor)
    throws
  {
    let result = try classifier.inputGradient(target, at: images)
    for (got, want) in zip(result.logits.scalars, logits.scalars) {
      let error = abs(Double(got) - Double(want)) / (1e-4 + 1e-4 * abs(Double(want)))
      logitError = max(logitError, error.isNaN ? .infinity : error)
    }
    for image in 0..<images.batch {
      let (got, want) = (result.gradient.item(image).map(Double.init), gradient.item(image).map(Double.init))
      func norm(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
      relativeErrors.append(norm(zip(got, want).map { $0 - $1 }) / norm(want))
      cosines.append(zip(got, want).reduce(0) { $0 + $1.0 * $1.1 } / (norm(got) * norm(want)))
    }
  }

  package var medianRelativeError: Double { relativeErrors.sorted()[relativeErrors.count / 2] }
  package var smallestCosine: Double { cosines.map { $0.isNaN ? -1 : $0 }.min() ?? -1 }
}
