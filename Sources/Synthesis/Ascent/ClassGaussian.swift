import Foundation
import Tensor

/// The Gaussian of a class's images, from which synthesis begins: N(mean, cov + 1e-4 I), as published.
///
/// A draw is mean + sum over images of z_i (x_i - mean) / sqrt(n) + 0.01 e, with z and e standard normal. Its covariance is exactly
/// that of the n images (divided by n) plus 1e-4 I, without a covariance matrix, a factorisation of it, or any library whose rounding
/// could differ from machine to machine.
package struct ClassGaussian: Sendable {
  /// Of the covariance's diagonal, as published.
  static let addedVariance = 1e-4

  /// `[C, H, W]`.
  package let shape: Shape
  /// Images are averaged over squares of so many pixels a side before, and draws repeated afterwards.
  package let factor: Int
  /// `[C, H / factor, W / factor]`.
  private let mean: [Double]
  /// x_i - mean.
  private let deviations: [[Float]]

  /// - Parameters:
  ///   - images: of the class, `[N, C, H, W]`, at least one.
  ///   - factor: divides height and width.
  package init(_ images: Tensor, factor: Int) {
    precondition(images.batch > 0, "the Gaussian of no images")
    shape = images.shape.droppingFirst
    self.factor = factor
    let small = images.blockMeans(factor)
    let count = small.stride
    var sum = [Double](repeating: 0, count: count)
    for image in 0..<small.batch {
      for (pixel, value) in small.item(image).enumerated() { sum[pixel] += Double(value) }
    }
    let mean = sum.map { $0 / Double(small.batch) }
    self.mean = mean
    deviations = (0..<small.batch).map { image in
      zip(small.item(image), mean).map { Float(Double($0) - $1) }
    }
  }

  /// The published code takes a quarter of ImageNet's resolution, and CIFAR-10's whole.
  package static func factor(for shape: Shape) -> Int {
    shape.rank == 3 && min(shape[1], shape[2]) >= 128 && shape[1] % 4 == 0 && shape[2] % 4 == 0 ? 4 : 1
  }

  /// `[C, H, W]`, not clipped.
  /// - Parameter place: of the sample, which with the stream decides the draw.
  package func draw(_ random: RandomStream, place: Int) -> [Float] {
    let normals = random.normals(item: place, count: deviations.count + mean.count)
    var result = mean
    let scale = 1 / Double(deviations.count).squareRoot()
    for (weight, deviation) in zip(normals, deviations) {
      let weight = weight * scale
      for pixel in result.indices { result[pixel] += weight * Double(deviation[pixel]) }
    }
    let noise = Self.addedVariance.squareRoot()
    for (pixel, normal) in normals[deviations.count...].enumerated() { result[pixel] += noise * normal }
    let small = Tensor(
      shape: Shape([1, shape[0], shape[1] / factor, shape[2] / factor]), scalars: result.map { Float($0) })
    return small.repeated(factor).scalars
  }
}
