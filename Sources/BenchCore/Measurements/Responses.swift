import Tensor

/// A classifier's outputs at displaced images.
struct Responses {
  /// One displacement of every image of a block.
  struct Displacement {
    /// One vector per image.
    let direction: Tensor
    let scale: Double
    /// For messages, such as `"at step 8 off the manifold"`.
    let description: String
  }

  let classifier: any Classifier
  /// `[N, C, H, W]`.
  let images: Tensor
  /// Position of the first image in its set, for messages.
  let firstImage: Int
  /// Whether displaced images are clipped to [0, 1]; the paper does not.
  var clip = false
  /// Called before each call of the classifier; throws where the user asked to stop.
  var checkCancellation: @Sendable () throws -> Void = {}

  /// Images of a call. Together they are one stream, so that batches are full whatever a block's size is, and their bounds stay
  /// where one long call would have them: four batches, and one where images are so large that four would keep a user waiting
  /// who asked to stop.
  private var imagesPerCall: Int {
    let pixels = max(1, images.stride)
    let batch = max(1, classifier.imagesPerPass ?? LoadOptions().batch(for: images.shape.droppingFirst))
    // In this order nothing overflows.
    return batch * max(1, min(4, (1 << 20) / pixels / batch))
  }

  /// The logits `[N, K]` at each displacement. All of them go through the classifier as one stream of images.
  /// - Throws: `EvaluationError.nonFinite`, and the classifier's errors.
  func logits(at displacements: [Displacement]) throws -> [Tensor] {
    guard !displacements.isEmpty else { return [] }
    for displacement in displacements {
      precondition(displacement.direction.scalars.count == images.scalars.count, "one displacement per pixel")
    }
    let rows = images.batch * displacements.count
    let calls = try stride(from: 0, to: rows, by: imagesPerCall).map { first in
      try checkCancellation()
      let range = first..<min(rows, first + imagesPerCall)
      return try classifier.checkedLogits(displaced(range, by: displacements)) { row in
        let place = first + row
        return
          "\(displacements[place / images.batch].description), image \(firstImage + place % images.batch)"
      }
    }
    let logits = Tensor.concatenating(calls)
    return displacements.indices.map { logits[batch: $0 * images.batch..<($0 + 1) * images.batch] }
  }

  /// Rows of the stream: all images with the first displacement, then with the second and so on.
  private func displaced(_ rows: Range<Int>, by displacements: [Displacement]) -> Tensor {
    let pixels = images.stride
    return Tensor(shape: images.shape.droppingFirst.prepending(rows.count)) { output in
      images.scalars.withUnsafeBufferPointer { scalars in
        for row in rows {
          let displacement = displacements[row / images.batch]
          let (source, target) = (row % images.batch * pixels, (row - rows.lowerBound) * pixels)
          let scale = Float(displacement.scale)
          displacement.direction.scalars.withUnsafeBufferPointer { direction in
            for pixel in 0..<pixels {
              let value = scalars[source + pixel] + scale * direction[source + pixel]
              output[target + pixel] = clip ? min(1, max(0, value)) : value
            }
          }
        }
      }
    }
  }

  /// || p(displaced) - p ||_1 of each image, for each displacement; range [0, 2].
  /// - Parameter logits: those of the images themselves.
  func probabilityChanges(at displacements: [Displacement], from logits: Tensor) throws -> [[Double]] {
    try probabilityChanges(at: displacements, from: logits, scales: [1])[0]
  }

  /// The same with p the softmax of the logits times each of `scales`, from one pass.
  func probabilityChanges(
    at displacements: [Displacement], from logits: Tensor, scales: [Double]
  ) throws -> [[[Double]]] {
    func probabilities(_ logits: Tensor, _ image: Int, _ scale: Double) -> [Double] {
      softmax(logits.item(image).map { scale * Double($0) })
    }
    let displaced = try self.logits(at: displacements)
    return scales.map { scale in
      let clean = (0..<images.batch).map { probabilities(logits, $0, scale) }
      return displaced.map { displaced in
        clean.indices.map { image in
          zip(probabilities(displaced, image, scale), clean[image]).reduce(0) { $0 + abs($1.0 - $1.1) }
        }
      }
    }
  }
}

extension Classifier {
  /// Logits of the promised shape, all finite.
  /// - Parameter place: says for messages what row of the call is meant.
  /// - Throws: `EvaluationError.wrongOutput`, `.nonFinite`, and the classifier's errors.
  func checkedLogits(_ images: Tensor, place: (Int) -> String) throws -> Tensor {
    try checked(logits: logits(images), of: images, place: place)
  }

  /// Logits, and the input gradients of several targets, from one forward pass; all of the promised shape and finite.
  /// - Parameters:
  ///   - predicted: the class meant by the targets that speak of the predicted one; nil for the classifier's own, which
  ///     takes fewer backward passes.
  ///   - owner: whose gradients, for messages.
  ///   - firstImage: position of the first image in its set, for messages.
  ///   - scale: factor of the logits for `calibrated`.
  /// - Returns: with the gradients `calibrated`, that of the predicted class's log-odds for the logits times `scale`, by one
  ///   more backward pass; nil where no factor is given.
  /// - Throws: `EvaluationError.wrongOutput`, `.nonFinite`, and the classifier's errors.
  func checkedGradients(
    of targets: [GradientTarget], at images: Tensor, predicted: [Int]? = nil, labels: [Int],
    owner: String = "the classifier", firstImage: Int, scale: Double? = nil
  ) throws -> (logits: Tensor, gradients: [GradientTarget: Tensor], calibrated: Tensor?) {
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
    let logits = try checked(logits: result.logits, of: images, owner: owner) { "image \(firstImage + $0)" }
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
          what: "\(owner)'s gradient of \(target.rawValue)", place: "image \(firstImage + bad / gradient.stride)",
          value: "\(gradient.scalars[bad])")
      }
    }
    let calibrated = scale == nil ? nil : result.gradients.last
    if let bad = calibrated?.scalars.firstIndex(where: { !$0.isFinite }) {
      throw EvaluationError.nonFinite(
        what: "\(owner)'s gradient at calibrated temperature", place: "image \(firstImage + bad / images.stride)",
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
