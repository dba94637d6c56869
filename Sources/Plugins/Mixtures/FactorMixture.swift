import BenchCore
import Foundation
import Tensor

/// A mixture of factor analysers for every class, fitted to training images: the density that real data sets get.
public struct FactorMixture: ClassConditionalDensity {
  public let id: String
  public let imageShape: Shape
  public let logPriors: [Double]
  /// All components, class by class.
  let components: [MixtureComponent]
  /// For each class the range of its components; not empty.
  let classRanges: [Range<Int>]

  /// - Precondition: at least one component for every class, all of the image's size.
  init(id: String, imageShape: Shape, logPriors: [Double], componentsOfClasses: [[MixtureComponent]]) {
    precondition(logPriors.count == componentsOfClasses.count && componentsOfClasses.allSatisfy { !$0.isEmpty })
    self.id = id
    self.imageShape = imageShape
    self.logPriors = logPriors
    components = componentsOfClasses.flatMap { $0 }
    precondition(components.allSatisfy { $0.dimension == imageShape.count })
    var start = 0
    classRanges = componentsOfClasses.map { group in
      defer { start += group.count }
      return start..<start + group.count
    }
  }

  public func logDensities(at images: Tensor, noise: Double) throws -> Matrix {
    let weighted = try componentLogDensities(at: images, noise: noise)
    var result = Matrix(rows: images.batch, columns: logPriors.count)
    for image in 0..<images.batch {
      let row = weighted.row(image)
      for (label, range) in classRanges.enumerated() {
        result[image, label] = logSumExp(row[row.startIndex + range.lowerBound..<row.startIndex + range.upperBound])
      }
    }
    return result
  }

  public func classScores(at images: Tensor, noise: Double) throws -> (logDensities: Matrix, scores: Tensor) {
    let convolved = components.map { ConvolvedComponent($0, noise: noise) }
    let classes = logPriors.count
    let d = imageShape.count
    precondition(images.stride == d, "images of another size")
    var logDensities = Matrix(rows: images.batch, columns: classes)
    var scratch = ImageScratch(components: components)
    let scores = Tensor(shape: imageShape.prepending(classes).prepending(images.batch)) { output in
      images.scalars.withUnsafeBufferPointer { input in
        guard let source = input.baseAddress, let target = output.baseAddress else { return }
        for image in 0..<images.batch {
          for label in 0..<classes {
            logDensities[image, label] = score(
              of: source + image * d, components: classRanges[label], convolved, &scratch,
              into: target + (image * classes + label) * d)
          }
        }
      }
    }
    return (logDensities, scores)
  }

  /// log of weight times density of every component, for each image by itself.
  /// - Parameter threads: the result does not depend on it.
  /// - Returns: N x number of components.
  func componentLogDensities(at images: Tensor, noise: Double, threads: Int = 1) throws -> Matrix {
    let convolved = components.map { ConvolvedComponent($0, noise: noise) }
    let d = imageShape.count
    let count = components.count
    precondition(images.stride == d, "images of another size")
    var result = Matrix(rows: images.batch, columns: count)
    try images.scalars.withUnsafeBufferPointer { input in
      try result.scalars.withUnsafeMutableBufferPointer { output in
        guard let pixels = input.baseAddress, let base = output.baseAddress else { return }
        nonisolated(unsafe) let (source, target) = (pixels, base)
        try Workers.forEachBlock(of: images.batch, blockSize: 4, threads: threads) { range, _ in
          var scratch = ImageScratch(components: components)
          for image in range {
            for index in 0..<count {
              target[image * count + index] = scratch.project(
                source + image * d, on: components[index], convolved[index], slot: 0)
            }
          }
        }
      }
    }
    return result
  }

  /// Gradient of log p(x | class) for one image: the components' gradients, weighted by responsibility.
  /// - Returns: log p(x | class).
  private func score(
    of image: UnsafePointer<Float>, components range: Range<Int>, _ convolved: [ConvolvedComponent],
    _ scratch: inout ImageScratch, into score: UnsafeMutablePointer<Float>
  ) -> Double {
    let weighted = range.map {
      scratch.project(image, on: components[$0], convolved[$0], slot: $0 - range.lowerBound)
    }
    let total = logSumExp(weighted)
    score.update(repeating: 0, count: imageShape.count)
    for (slot, index) in range.enumerated() {
      let responsibility = exp(weighted[slot] - total)
      // Below a float's resolution of the sum the component contributes nothing.
      guard responsibility > 1e-9 else { continue }
      scratch.addGradient(
        of: components[index], convolved[index], slot: slot, responsibility: responsibility, to: score)
    }
    return total
  }
}
