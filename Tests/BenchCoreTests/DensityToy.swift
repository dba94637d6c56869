import BenchCore
import Foundation
import Tensor

/// Three isotropic Gaussians over 1 x 2 x 3 images, with unequal priors: implements only what has no default.
struct DensityToy: ClassConditionalDensity {
  let id = "toy"
  let imageShape: Shape = [1, 2, 3]
  let logPriors = [0.5, 0.3, 0.2].map { log($0) }
  private let deviations = [0.4, 0.7, 1.0]

  private func mean(_ index: Int, _ pixel: Int) -> Double { sin(Double(3 * index + pixel)) }

  func logDensities(at images: Tensor, noise: Double) throws -> Matrix {
    try classScores(at: images, noise: noise).logDensities
  }

  func classScores(at images: Tensor, noise: Double) throws -> (logDensities: Matrix, scores: Tensor) {
    var logDensities = Matrix(rows: images.batch, columns: classCount)
    var scores: [Float] = []
    for image in 0..<images.batch {
      let pixels = images.item(image).map(Double.init)
      for index in 0..<classCount {
        let variance = deviations[index] * deviations[index] + noise * noise
        let differences = pixels.enumerated().map { $1 - mean(index, $0) }
        logDensities[image, index] =
          -0.5 * differences.reduce(0) { $0 + $1 * $1 } / variance - 3 * log(2 * Double.pi * variance)
        scores += differences.map { Float(-$0 / variance) }
      }
    }
    return (logDensities, Tensor(shape: imageShape.prepending(classCount).prepending(images.batch), scalars: scores))
  }

  /// log p_sigma(x) of one image.
  func logDensity(_ image: Tensor, noise: Double) throws -> Double {
    logSumExp(zip(try logDensities(at: image, noise: noise).row(0), logPriors).map(+))
  }

  static func images(_ count: Int) -> Tensor {
    let stream = RandomStream(seed: 5, name: "toy")
    return Tensor(
      shape: [count, 1, 2, 3], scalars: (0..<count).flatMap { stream.normals(item: $0, count: 6).map(Float.init) })
  }
}
