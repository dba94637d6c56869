import Attacks
import BenchCore
import Tensor

/// Images made by a classifier's gradient alone (Santurkar et al., "Image Synthesis with a Single (Robust) Classifier", NeurIPS 2019):
///
///     x <- project(x + a g / |g|),   g = grad of log p(target | x)
///
/// into the ball of L2 radius r around what it began with, then to what pixels can be; the iterate with the largest objective is kept
/// (`use_best` of the published code), not the last one. Without a penalty g is the gradient of the log-odds, which has the same
/// direction and does not vanish where the classifier is sure.
package struct GradientAscent: Sendable, Equatable {
  /// r, in pixel units.
  package var radius: Double
  /// a, in pixel units.
  package var stepLength: Double
  package var steps: Int

  package init(radius: Double, stepLength: Double, steps: Int) {
    precondition(radius > 0 && stepLength > 0 && steps > 0, "an ascent of no steps")
    self.radius = radius
    self.stepLength = stepLength
    self.steps = steps
  }

  /// What may not change freely: weight times the mean, over all pixels, of the squared differences on some of them.
  package struct Penalty: Sendable {
    package var weight: Double
    /// The pixels meant, of each image.
    package var pixels: [[Bool]]
    /// Differences are from these, `[N, C, H, W]`.
    package var origin: Tensor
  }

  /// Images of one ascent: a function of the image, its target and the classifier, for each by itself.
  /// - Parameters:
  ///   - starts: `[N, C, H, W]`, within `range`; the centres of the balls.
  ///   - range: of pixels; nil for any.
  ///   - places: of the images in their set, for messages.
  /// - Throws: `EvaluationError`, the classifier's errors, and what `checkCancellation` throws.
  package func run(
    _ classifier: any Classifier, from starts: Tensor, towards targets: [Int], range: ClosedRange<Float>?,
    penalty: Penalty? = nil, places: [Int], owner: String = "the classifier", checkCancellation: () throws -> Void = {}
  ) throws -> Tensor {
    let target = penalty == nil ? GradientTarget.logOddsPredicted : .logProbabilityPredicted
    let balls = (0..<starts.batch).map {
      Ball(norm: .l2, centre: Array(starts.item($0)), radius: radius, range: range)
    }
    var current = balls.map(\.centre)
    var best = current.map { (image: $0, objective: -Double.infinity) }
    for step in 0...steps {
      try checkCancellation()
      let images = Tensor(shape: starts.shape, scalars: current.flatMap { $0 })
      let isLast = step == steps
      let place: (Int) -> String = { "synthesised image \(places[$0]) after \(step) steps" }
      // After the last step nothing but the objective is asked for.
      let (logits, gradients) =
        try isLast
        ? (classifier.checkedLogits(images, place: place), nil)
        : {
          let result = try classifier.checkedGradients(
            of: [target], at: images, predicted: targets, labels: targets, owner: owner, place: place)
          return (result.logits, result.gradients[target])
        }()
      for image in current.indices {
        let value =
          target.value(
            logits: logits.item(image).map(Double.init), predicted: targets[image], label: targets[image])
          - (penalty?.value(of: current[image], image: image) ?? 0)
        if value > best[image].objective { best[image] = (current[image], value) }
        guard let gradients else { continue }
        var direction = Array(gradients.item(image))
        penalty?.subtractGradient(at: current[image], image: image, from: &direction)
        current[image] = balls[image].step(current[image], along: direction, length: stepLength)
      }
    }
    return Tensor(shape: starts.shape, scalars: best.flatMap(\.image))
  }
}

extension GradientAscent.Penalty {
  fileprivate func value(of pixels: [Float], image: Int) -> Double {
    let origin = origin.item(image)
    var sum = 0.0
    for pixel in pixels.indices where self.pixels[image][pixel] {
      let change = Double(pixels[pixel]) - Double(origin[origin.startIndex + pixel])
      sum += change * change
    }
    return weight * sum / Double(pixels.count)
  }

  fileprivate func subtractGradient(at pixels: [Float], image: Int, from gradient: inout [Float]) {
    let origin = origin.item(image)
    let factor = 2 * weight / Double(pixels.count)
    for pixel in pixels.indices where self.pixels[image][pixel] {
      gradient[pixel] -= Float(factor * (Double(pixels[pixel]) - Double(origin[origin.startIndex + pixel])))
    }
  }
}
