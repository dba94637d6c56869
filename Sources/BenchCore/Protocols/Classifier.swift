import Tensor

/// A classifier of images: everything the benchmark knows of a model.
///
/// Pixels are in [0, 1] (a task may exceed that range and says so); normalisation belongs to the model. An image's
/// numbers must not depend on the other images of the call: `Conformance` checks this and the rest for any conformer.
public protocol Classifier: Sendable {
  /// `[C, H, W]` of one image.
  var inputShape: Shape { get }
  var classCount: Int { get }

  /// Does what later calls with up to `count` images would do first, once and on all threads. The default has nothing to do.
  func prepare(forImages count: Int) throws

  /// How many images go through the model together at most; nil where that is not known. Where memory wants fewer than were asked
  /// for, it is known after `prepare`.
  var imagesPerPass: Int? { get }

  /// - Parameter images: `[N, C, H, W]`.
  /// - Returns: `[N, K]`.
  func logits(_ images: Tensor) throws -> Tensor

  /// Vector-Jacobian products of the logits at each image: one forward pass, then one backward pass per cotangent.
  ///
  /// - Parameters:
  ///   - images: `[N, C, H, W]`.
  ///   - cotangents: given the logits `[M, K]` of the images `range` (M = `range.count`), the vectors `[M, K]` to
  ///     multiply the Jacobian with; the same number of them for every range. May be called from several threads.
  /// - Returns: the logits `[N, K]` and, for each cotangent v, sum over k of v_k times the gradient of logit k with
  ///   respect to the pixels, `[N, C, H, W]`.
  func inputGradients(
    at images: Tensor, cotangents: @Sendable (_ logits: Tensor, _ range: Range<Int>) throws -> [Tensor]
  ) throws -> (logits: Tensor, gradients: [Tensor])
}

extension Classifier {
  public func prepare(forImages count: Int) throws {}

  public var imagesPerPass: Int? { nil }

  /// The gradient of one named target. The predicted class is the model's own.
  /// - Parameter labels: needed by the targets that mention the label.
  public func inputGradient(
    _ target: GradientTarget, at images: Tensor, labels: [Int] = []
  ) throws -> (logits: Tensor, gradient: Tensor) {
    let result = try inputGradients(at: images) { logits, range in
      [
        target.cotangent(
          logits: logits, predicted: logits.argmaxOfRows(), labels: labels.isEmpty ? nil : Array(labels[range]))
      ]
    }
    return (result.logits, result.gradients[0])
  }
}

extension Tensor {
  /// Index of the largest value of each row of `[N, K]`; the first of equals, and 0 for a row of NaN.
  public func argmaxOfRows() -> [Int] {
    (0..<batch).map { row in
      let values = item(row)
      var best = values.startIndex
      for index in values.indices where values[index] > values[best] { best = index }
      return best - values.startIndex
    }
  }
}
