import BenchCore
import Foundation
import Synchronization
import Tensor

/// f_k(x) = b_k + w_k' x + a_k |x|^2 / 2, computed in double precision: the gradient of logit k is w_k + a_k x.
struct QuadraticClassifier: Classifier {
  let inputShape: Shape
  /// K x d.
  var weights: Matrix
  var biases: [Double]
  /// One a_k per class; zeros make it linear.
  var curvatures: [Double]

  var classCount: Int { weights.rows }

  init(inputShape: Shape, weights: Matrix, biases: [Double]? = nil, curvatures: [Double]? = nil) {
    self.inputShape = inputShape
    self.weights = weights
    self.biases = biases ?? [Double](repeating: 0, count: weights.rows)
    self.curvatures = curvatures ?? [Double](repeating: 0, count: weights.rows)
  }

  func logits(_ images: Tensor) throws -> Tensor {
    Tensor(
      shape: [images.batch, classCount],
      scalars: (0..<images.batch).flatMap { image in
        let pixels = images.item(image).map(Double.init)
        let squares = pixels.reduce(0) { $0 + $1 * $1 }
        return (0..<classCount).map { index in
          let product = zip(weights.row(index), pixels).reduce(0) { $0 + $1.0 * $1.1 }
          return Float(biases[index] + product + curvatures[index] * squares / 2)
        }
      })
  }

  func inputGradients(
    at images: Tensor, cotangents: @Sendable (_ logits: Tensor, _ range: Range<Int>) throws -> [Tensor]
  ) throws -> (logits: Tensor, gradients: [Tensor]) {
    let logits = try logits(images)
    let gradients = try cotangents(logits, 0..<images.batch).map { cotangent in
      Tensor(
        shape: images.shape,
        scalars: (0..<images.batch).flatMap { image in
          let vector = cotangent.item(image).map(Double.init)
          let curvature = zip(vector, curvatures).reduce(0) { $0 + $1.0 * $1.1 }
          return images.item(image).enumerated().map { position, pixel in
            let linear = vector.indices.reduce(0) { $0 + vector[$1] * weights[$1, position] }
            return Float(linear + curvature * Double(pixel))
          }
        })
    }
    return (logits, gradients)
  }
}

/// Passes images on in batches and on several threads, as a network does.
struct BatchedClassifier: Classifier {
  let base: any Classifier
  let batch: Int
  var threads = 1

  var inputShape: Shape { base.inputShape }
  var classCount: Int { base.classCount }

  private func ranges(_ count: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: batch).map { $0..<min($0 + batch, count) }
  }

  func logits(_ images: Tensor) throws -> Tensor {
    .concatenating(try ranges(images.batch).map { try base.logits(images[batch: $0]) })
  }

  func inputGradients(
    at images: Tensor, cotangents: @Sendable (_ logits: Tensor, _ range: Range<Int>) throws -> [Tensor]
  ) throws -> (logits: Tensor, gradients: [Tensor]) {
    let parts = try ranges(images.batch).map { range in
      try base.inputGradients(at: images[batch: range]) { logits, part in
        try cotangents(logits, range.lowerBound + part.lowerBound..<range.lowerBound + part.upperBound)
      }
    }
    return (
      .concatenating(parts.map(\.logits)),
      parts[0].gradients.indices.map { index in .concatenating(parts.map { $0.gradients[index] }) }
    )
  }
}

/// Returns NaN for one image, found by its first pixel.
struct BrokenClassifier: Classifier {
  let base: any Classifier
  let brokenPixel: Float

  var inputShape: Shape { base.inputShape }
  var classCount: Int { base.classCount }

  private func breaking(_ logits: Tensor, of images: Tensor) -> Tensor {
    var logits = logits
    for image in 0..<images.batch where images.scalars[image * images.stride] == brokenPixel {
      logits.scalars[image * classCount + 1] = .nan
    }
    return logits
  }

  func logits(_ images: Tensor) throws -> Tensor { breaking(try base.logits(images), of: images) }

  func inputGradients(
    at images: Tensor, cotangents: @Sendable (_ logits: Tensor, _ range: Range<Int>) throws -> [Tensor]
  ) throws -> (logits: Tensor, gradients: [Tensor]) {
    let result = try base.inputGradients(at: images) { logits, range in
      try cotangents(breaking(logits, of: images[batch: range]), range)
    }
    return (breaking(result.logits, of: images), result.gradients)
  }
}

/// Counts the images that pass it: forward, and backward once per cotangent.
final class CountingClassifier: Classifier {
  struct Counts: Equatable {
    var logits = 0
    var gradientLogits = 0
    var gradients = 0
  }

  private let base: any Classifier
  private let seen = Mutex(Counts())

  init(_ base: any Classifier) { self.base = base }

  var counts: Counts { seen.withLock { $0 } }
  var inputShape: Shape { base.inputShape }
  var classCount: Int { base.classCount }

  func logits(_ images: Tensor) throws -> Tensor {
    seen.withLock { $0.logits += images.batch }
    return try base.logits(images)
  }

  func inputGradients(
    at images: Tensor, cotangents: @Sendable (_ logits: Tensor, _ range: Range<Int>) throws -> [Tensor]
  ) throws -> (logits: Tensor, gradients: [Tensor]) {
    let result = try base.inputGradients(at: images, cotangents: cotangents)
    seen.withLock {
      $0.gradientLogits += images.batch
      $0.gradients += images.batch * result.gradients.count
    }
    return result
  }
}

struct CosineMetric: AlignmentMetric {
  let id = "cosine"
  func compare(_ gradients: Tensor, _ references: Tensor) throws -> [Double] {
    cosineSimilarities(gradients, references)
  }
}
