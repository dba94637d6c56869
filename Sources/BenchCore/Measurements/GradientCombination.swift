import Tensor

/// The input gradients of several targets at a classifier's own predictions from at most four backward passes.
///
/// A target's gradient is J'v, J the Jacobian of the logits z and v the target's cotangent, so gradients combine as their
/// cotangents do. Let c be the class with the largest logit, y the label, m the class with the largest logit but y's,
/// p = softmax z, q the softmax without c, and e_k the unit vectors. Four targets have backward passes of their own:
///
///     logit-sum 1,   logit-predicted e_c,   log-odds-predicted o = e_c - q,   logit-margin e_m - e_y
///
/// Since p = p_c e_c + (1 - p_c) q, and m = c where y is not c:
///
///     log-probability-predicted  e_c - p = (1 - p_c) o
///     logsumexp                  p       = e_c - (1 - p_c) o
///     logit-label                e_y     = e_c,            or  e_c - (e_m - e_y)            where y is not c
///     log-probability-label      e_y - p = (1 - p_c) o,    or  (1 - p_c) o - (e_m - e_y)    where y is not c
///
/// A shift-invariant target is combined of shift-invariant ones only: a large function of x common to all logits, which
/// their gradients do not have, never has to cancel. 1 - p_c is the sum of the other probabilities, so that it keeps its
/// digits where p_c is nearly 1.
///
/// The classifier must be asked for its own predicted classes: for others m need not be c.
struct GradientCombination {
  private let targets: [GradientTarget]
  /// The targets with a backward pass of their own that `targets` consist of.
  let passes: [GradientTarget]

  init(of targets: [GradientTarget]) {
    self.targets = targets
    let needed = targets.flatMap { target in
      [true, false].flatMap { target.terms(isCorrect: $0, remainder: 0).map(\.pass) }
    }
    passes = GradientTarget.allCases.filter(needed.contains)
  }

  /// - Parameters:
  ///   - gradients: of `passes`, `[N, C, H, W]` each.
  ///   - logits: `[N, K]`, all finite.
  /// - Returns: the gradients of the targets; computed in double precision, image by image, and rounded once.
  func combine(
    _ gradients: [GradientTarget: Tensor], logits: Tensor, labels: [Int]
  ) -> [GradientTarget: Tensor] {
    let images = logits.argmaxOfRows().enumerated().map { image, predicted in
      let others = softmax(logits.item(image).map(Double.init)).enumerated().filter { $0.offset != predicted }
      return (isCorrect: labels[image] == predicted, remainder: others.reduce(0) { $0 + $1.element })
    }
    var combined: [GradientTarget: Tensor] = [:]
    for target in targets where combined[target] == nil {
      combined[target] =
        gradients[target]
        ?? .sums(images.map { target.terms(isCorrect: $0.isCorrect, remainder: $0.remainder) }, of: gradients)
    }
    return combined
  }
}

extension GradientTarget {
  fileprivate typealias Term = (pass: GradientTarget, weight: Double)

  /// The target at one image in terms of those with passes of their own.
  /// - Parameters:
  ///   - isCorrect: whether the predicted class is the label.
  ///   - remainder: 1 - p_c.
  fileprivate func terms(isCorrect: Bool, remainder: Double) -> [Term] {
    switch self {
    case .logitSum, .logitPredicted, .logitMargin, .logOddsPredicted: [(self, 1)]
    case .logProbabilityPredicted: [(.logOddsPredicted, remainder)]
    case .logSumExp: [(.logitPredicted, 1), (.logOddsPredicted, -remainder)]
    case .logitLabel: [(.logitPredicted, 1)] + (isCorrect ? [] : [(.logitMargin, -1)])
    case .logProbabilityLabel: [(.logOddsPredicted, remainder)] + (isCorrect ? [] : [(.logitMargin, -1)])
    }
  }
}

extension Tensor {
  /// Each image's weighted sum of the gradients that its terms name.
  fileprivate static func sums(_ terms: [[GradientTarget.Term]], of gradients: [GradientTarget: Tensor]) -> Tensor {
    guard let shape = gradients.values.first?.shape else { preconditionFailure("a target without passes") }
    let pixels = shape.droppingFirst.count
    return Tensor(shape: shape) { output in
      var sum = [Double](repeating: 0, count: pixels)
      for (image, terms) in terms.enumerated() {
        for (index, term) in terms.enumerated() {
          guard let gradient = gradients[term.pass] else { preconditionFailure("no pass of \(term.pass.rawValue)") }
          gradient.scalars.withUnsafeBufferPointer { values in
            for pixel in 0..<pixels {
              let product = term.weight * Double(values[image * pixels + pixel])
              sum[pixel] = index == 0 ? product : sum[pixel] + product
            }
          }
        }
        for pixel in 0..<pixels { output[image * pixels + pixel] = Float(sum[pixel]) }
      }
    }
  }
}
