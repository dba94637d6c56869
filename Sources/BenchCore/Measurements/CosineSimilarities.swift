import Tensor

/// Cosine similarity of the images of two tensors, in [-1, 1]; NaN where one of a pair is zero everywhere or not
/// finite.
package func cosineSimilarities(_ first: Tensor, _ second: Tensor) -> [Double] {
  precondition(first.shape == second.shape, "\(first.shape) against \(second.shape)")
  let (batch, stride) = (first.batch, first.stride)
  return first.scalars.withUnsafeBufferPointer { first in
    second.scalars.withUnsafeBufferPointer { second in
      (0..<batch).map { image in
        let range = image * stride..<(image + 1) * stride
        return cosineSimilarity(
          UnsafeBufferPointer(rebasing: first[range]), UnsafeBufferPointer(rebasing: second[range]))
      }
    }
  }
}

private func cosineSimilarity(_ first: UnsafeBufferPointer<Float>, _ second: UnsafeBufferPointer<Float>) -> Double {
  var product = 0.0
  var firstSquares = 0.0
  var secondSquares = 0.0
  for index in first.indices {
    let (a, b) = (Double(first[index]), Double(second[index]))
    product += a * b
    firstSquares += a * a
    secondSquares += b * b
  }
  guard firstSquares > 0, secondSquares > 0 else { return .nan }
  // `min` and `max` would make a number of NaN: infinite pixels must not count as perfectly aligned.
  guard firstSquares.isFinite, secondSquares.isFinite else { return .nan }
  // Rounding may exceed the bound of Cauchy and Schwarz.
  return max(-1, min(1, product / (firstSquares.squareRoot() * secondSquares.squareRoot())))
}
