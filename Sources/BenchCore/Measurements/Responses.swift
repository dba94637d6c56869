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
