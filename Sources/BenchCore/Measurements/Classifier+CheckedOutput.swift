import Tensor

extension Classifier {
  /// Logits of the promised shape, all finite.
  /// - Parameter place: says for messages what row of the call is meant.
  /// - Throws: `EvaluationError.wrongOutput`, `.nonFinite`, and the classifier's errors.
  package func checkedLogits(_ images: Tensor, place: (Int) -> String) throws -> Tensor {
    try checked(logits: logits(images), of: images, place: place)
  }

  /// Logits, and the input gradients of several targets, from one forward pass; all of the promised shape and finite.
  /// - Parameters:
  ///   - predicted: the class meant by the targets that speak of the predicted one; nil for the classifier's own, which
  ///     takes fewer backward passes.
  ///   - owner: whose gradients, for messages.
  ///   - firstImage: position of the first image in its set, for messages.
  ///   - place: instead, says for messages what image of the call is meant.
  ///   - scale: factor of the logits for `calibrated`.
  /// - Returns: with the gradients `calibrated`, that of the predicted class's log-odds for the logits times `scale`, by one
  ///   more backward pass; nil where no factor is given.
  /// - Throws: `EvaluationError.wrongOutput`, `.nonFinite`, and the classifier's errors.
  package func checkedGradients(
    of targets: [GradientTarget], at images: Tensor, predicted: [Int]? = nil, labels: [Int],
    owner: String = "the classifier", firstImage: Int = 0, place: ((Int) -> String)? = nil, scale: Double? = nil
  ) throws -> (logits: Tensor, gradients: [GradientTarget: Tensor], calibrated: Tensor?) {
    let place = place ?? { "image \(firstImage + $0)" }
    let combination = predicted == nil ? GradientCombination(of: targets) : nil
    let passes = combination?.passes ?? targets
    let result = try inputGradients(at: images) { logits, range in
      let predicted = predicted.map { Array($0[range]) } ?? logits.argmaxOfRows()
      return passes.map { $0.cotangent(logits: logits, predicted: predicted, labels: Array(labels[range])) }
        + [scale].compactMap { $0 }.map {
          EvaluationConfiguration.decisiveTarget.cotangent(
            logits: logits.scaled(by: $0), predicted: predicted, labels: nil)
        }
    }
    let logits = try checked(logits: result.logits, of: images, owner: owner, place: place)
    let expected = passes.count + (scale == nil ? 0 : 1)
    guard result.gradients.count == expected else {
      throw EvaluationError.wrongOutput(
        what: "\(owner)'s number of gradients", expected: [expected], got: [result.gradients.count])
    }
    for gradient in result.gradients where gradient.shape != images.shape {
      throw EvaluationError.wrongOutput(what: "\(owner)'s gradient", expected: images.shape, got: gradient.shape)
    }
    var gradients = Dictionary(uniqueKeysWithValues: zip(passes, result.gradients))
    if let combination { gradients = combination.combine(gradients, logits: logits, labels: labels) }
    for target in targets {
      guard let gradient = gradients[target] else { preconditionFailure("no gradient of \(target.rawValue)") }
      if let bad = gradient.scalars.firstIndex(where: { !$0.isFinite }) {
        throw EvaluationError.nonFinite(
          what: "\(owner)'s gradient of \(target.rawValue)", place: place(bad / gradient.stride),
          value: "\(gradient.scalars[bad])")
      }
    }
    let calibrated = scale == nil ? nil : result.gradients.last
    if let bad = calibrated?.scalars.firstIndex(where: { !$0.isFinite }) {
      throw EvaluationError.nonFinite(
        what: "\(owner)'s gradient at calibrated temperature", place: place(bad / images.stride),
        value: "\(calibrated?.scalars[bad] ?? .nan)")
    }
    return (logits, gradients, calibrated)
  }

  private func checked(
    logits: Tensor, of images: Tensor, owner: String = "the classifier", place: (Int) -> String
  ) throws -> Tensor {
    guard logits.shape == [images.batch, classCount] else {
      throw EvaluationError.wrongOutput(
        what: "\(owner)'s logits", expected: [images.batch, classCount], got: logits.shape)
    }
    if let bad = logits.scalars.firstIndex(where: { !$0.isFinite }) {
      throw EvaluationError.nonFinite(
        what: "\(owner)'s logit \(bad % classCount)", place: place(bad / classCount),
        value: "\(logits.scalars[bad])")
    }
    return logits
  }
}

extension Tensor {
  /// Every scalar times a number, rounded once.
  fileprivate func scaled(by factor: Double) -> Tensor {
    Tensor(shape: shape, scalars: scalars.map { Float(factor * Double($0)) })
  }
}
