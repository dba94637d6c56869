import Tensor

/// The Bayes classifier of a class-conditional density convolved with noise: logits log p_sigma(x | c) + log pi_c.
///
/// With the true density at sigma = 0 no classifier is more accurate; with sigma > 0 it is the smoothed one that gradients
/// are compared with. The logits are the density's own, including whatever constant it omits: gradients are those of
/// exactly these logits.
package struct DensityClassifier: Classifier {
  package let density: any ClassConditionalDensity
  /// sigma, in pixel units.
  package let noise: Double
  package let threads: Int

  /// - Parameter threads: the result does not depend on it.
  package init(_ density: any ClassConditionalDensity, noise: Double, threads: Int = 1) {
    precondition(noise >= 0 && noise.isFinite, "a noise level is a standard deviation")
    self.density = density
    self.noise = noise
    self.threads = threads
  }

  package var inputShape: Shape { density.imageShape }
  package var classCount: Int { density.classCount }

  package func logits(_ images: Tensor) throws -> Tensor {
    precondition(images.shape.droppingFirst == inputShape, "images of another shape")
    let blocks = try DensityBlocks.map(images, of: density, threads: threads) { _, images in
      logits(fromLogDensities: try density.logDensities(at: images, noise: noise))
    }
    return .joining(blocks, emptyShape: [0, classCount])
  }

  package func inputGradients(
    at images: Tensor, cotangents: @Sendable (_ logits: Tensor, _ range: Range<Int>) throws -> [Tensor]
  ) throws -> (logits: Tensor, gradients: [Tensor]) {
    precondition(images.shape.droppingFirst == inputShape, "images of another shape")
    let blocks = try DensityBlocks.map(images, of: density, threads: threads) { range, images in
      let block = try density.combinedGradients(.logDensity, at: images, noise: noise) { logDensities in
        try cotangents(logits(fromLogDensities: logDensities), range).map { cotangent in
          precondition(cotangent.shape == [range.count, classCount], "a cotangent has the shape of the logits")
          return Matrix(rows: range.count, columns: classCount, scalars: cotangent.scalars.map(Double.init))
        }
      }
      return (logits: logits(fromLogDensities: block.logDensities), gradients: block.gradients)
    }
    // With no images the number of cotangents is still the caller's to say.
    let count =
      try blocks.first?.gradients.count ?? cotangents(Tensor(shape: [0, classCount], scalars: []), 0..<0).count
    precondition(blocks.allSatisfy { $0.gradients.count == count }, "the same number of cotangents for every range")
    return (
      .joining(blocks.map(\.logits), emptyShape: [0, classCount]),
      (0..<count).map { index in .joining(blocks.map { $0.gradients[index] }, emptyShape: images.shape) }
    )
  }

  private func logits(fromLogDensities logDensities: Matrix) -> Tensor {
    Tensor(shape: [logDensities.rows, classCount]) { output in
      for row in 0..<logDensities.rows {
        for index in 0..<classCount {
          output[row * classCount + index] = Float(logDensities[row, index] + density.logPriors[index])
        }
      }
    }
  }
}
