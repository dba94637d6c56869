import BenchCore
import Tensor

/// A classifier of two classes by one number with a gradient in closed form: the logits are that number below and above 0.
protocol TwoClassScore: Classifier {
  /// Above 0 for the second class.
  func value(at point: ArraySlice<Float>) -> Double

  /// The gradient of the number, times `factor`.
  func gradient(at point: ArraySlice<Float>, times factor: Float) -> [Float]
}

extension TwoClassScore {
  func logits(_ images: Tensor) -> Tensor {
    Tensor(
      shape: [images.batch, 2],
      scalars: (0..<images.batch).flatMap { image -> [Float] in
        let value = value(at: images.item(image))
        return [Float(-value), Float(value)]
      })
  }

  func inputGradients(
    at images: Tensor, cotangents: @Sendable (_ logits: Tensor, _ range: Range<Int>) throws -> [Tensor]
  ) throws -> (logits: Tensor, gradients: [Tensor]) {
    let logits = try logits(images)
    let gradients = try cotangents(logits, 0..<images.batch).map { vectors in
      Tensor(
        shape: images.shape,
        scalars: (0..<images.batch).flatMap { image -> [Float] in
          let vector = Array(vectors.item(image))
          return gradient(at: images.item(image), times: vector[1] - vector[0])
        })
    }
    return (logits, gradients)
  }
}
