import Tensor

/// Cosine similarity of the images of two tensors, in [-1, 1]; NaN where one of a pair is zero everywhere or not
/// finite.
package func cosineSimilarities(_ first: Tensor, _ second: Tensor) -> [Double] {
  precondition(first.shape == second.shape, "\(first.shape) against \(second.shape)")
  return (0..<first.batch).map { image in
    var product = 0.0
    var firstSquares = 0.0
    var secondSquares = 0.0
    for (a, b) in zip(first.item(image), second.item(image)) {
      product += Double(a) * Double(b)
      firstSquares += Double(a) * Double(a)
      secondSquares += Double(b) * Double(b)
    }
    guard firstSquares > 0, secondSquares > 0 else { return .nan }
    // `min` and `max` would make a number of NaN: infinite pixels must not count as perfectly aligned.
    guard firstSquares.isFinite, secondSquares.isFinite else { return .nan }
    // Rounding may exceed the bound of Cauchy and Schwarz.
    return max(-1, min(1, product / (firstSquares.squareRoot() * secondSquares.squareRoot())))
  }
}
