import Foundation
import Tensor

/// The score of a class-conditional density's marginal: grad log sum over c of pi_c p_sigma(x | c), which equals the sum
/// over c of p_sigma(c | x) times the class-conditional score.
public struct DensityScore: Score {
  public let density: any ClassConditionalDensity
  public let threads: Int
  public var id: String { density.id }
  public var fingerprint: String? { density.fingerprint }

  public func sharing(_ numbers: SharedArrays) -> any Score {
    let score = DensityScore(density.sharing(numbers), threads: threads)
    return fingerprint.map { KeptScore(base: score, owner: $0, shared: numbers) } ?? score
  }

  /// - Parameter threads: the result does not depend on it.
  public init(_ density: any ClassConditionalDensity, threads: Int = 1) {
    self.density = density
    self.threads = threads
  }

  public func score(at images: Tensor, noise: Double) throws -> Tensor {
    precondition(images.shape.droppingFirst == density.imageShape, "images of another shape")
    let blocks = try DensityBlocks.map(images, of: density, threads: threads) { _, images in
      try density.combinedGradients(.score, at: images, noise: noise) { logDensities in
        var weights = density.logPosteriors(logDensities)
        for index in weights.scalars.indices { weights.scalars[index] = exp(weights.scalars[index]) }
        return [weights]
      }.gradients[0]
    }
    return .joining(blocks, emptyShape: images.shape)
  }
}

extension ClassConditionalDensity {
  /// The class-conditional score of one class per image, grad log p_sigma(x | c): what the paper compares the gradient of
  /// the predicted class's logit with.
  /// - Parameters:
  ///   - classes: c for each image.
  ///   - images: `[N, C, H, W]`.
  ///   - threads: the result does not depend on it.
  /// - Returns: `[N, C, H, W]`.
  public func score(
    ofClasses classes: [Int], at images: Tensor, noise: Double, threads: Int = 1
  ) throws -> Tensor {
    precondition(images.shape.droppingFirst == imageShape, "images of another shape")
    precondition(classes.count == images.batch && classes.allSatisfy((0..<classCount).contains), "one class per image")
    let blocks = try DensityBlocks.map(images, of: self, threads: threads) { range, images in
      try combinedGradients(.score, at: images, noise: noise) { logDensities in
        var weights = Matrix(rows: logDensities.rows, columns: logDensities.columns)
        for (row, image) in range.enumerated() { weights[row, classes[image]] = 1 }
        return [weights]
      }.gradients[0]
    }
    return .joining(blocks, emptyShape: images.shape)
  }
}
