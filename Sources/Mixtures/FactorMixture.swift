import BenchCore
import Digests
import Foundation
import Tensor
import Text

/// A mixture of factor analysers for every class, fitted to training images: the density that real data sets get.
package struct FactorMixture: ClassConditionalDensity {
  package let id: String
  package let imageShape: Shape
  package let logPriors: [Double]
  /// All components, class by class.
  package let components: [MixtureComponent]
  /// For each class the range of its components; not empty.
  package let classRanges: [Range<Int>]
  package let fingerprint: String?
  /// Where the projections of images that are measured are kept.
  private var shared: SharedArrays?

  /// - Precondition: at least one component for every class, all of the image's size.
  package init(id: String, imageShape: Shape, logPriors: [Double], componentsOfClasses: [[MixtureComponent]]) {
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
    fingerprint = Self.digest(components, classRanges, logPriors)
  }

  package func sharing(_ numbers: SharedArrays) -> any ClassConditionalDensity { sharing(in: numbers) }

  package func sharing(in numbers: SharedArrays) -> FactorMixture {
    var copy = self
    copy.shared = numbers
    return copy
  }

  /// Projections, log-densities of components and sums: gradients of all classes are never there at once.
  package var scalarsPerImage: Int { imageShape.count + components.reduce(0) { $0 + $1.factors + 4 } }

  package func logDensities(at images: Tensor, noise: Double) throws -> Matrix {
    logDensities(ofComponents: try componentLogDensities(at: images, noise: noise))
  }

  package func classScores(at images: Tensor, noise: Double) throws -> (logDensities: Matrix, scores: Tensor) {
    let classes = logPriors.count
    let unit = Matrix.identity(classes)
    let (logDensities, gradients) = try combinedGradients(.score, at: images, noise: noise) { logDensities in
      (0..<classes).map { label in
        Matrix(
          rows: logDensities.rows, columns: classes,
          scalars: (0..<logDensities.rows).flatMap { _ in unit.row(label) })
      }
    }
    return (
      logDensities,
      Tensor(
        shape: imageShape.prepending(classes).prepending(images.batch),
        scalars: (0..<images.batch).flatMap { image in gradients.flatMap { $0.item(image) } })
    )
  }

  /// Only the classes are looked at whose weights a double-precision sum resolves: the posteriors of an image are those of two
  /// or three.
  package func combinedGradients(
    _ gradient: ClassGradient, at images: Tensor, noise: Double, weights: (_ logDensities: Matrix) throws -> [Matrix]
  ) throws -> (logDensities: Matrix, gradients: [Tensor]) {
    let projection = try projection(of: images)
    let convolved = components.map { ConvolvedComponent($0, noise: noise) }
    let weighted = projection.weightedLogDensities(convolved)
    let logDensities = logDensities(ofComponents: weighted)
    let weights = try weights(logDensities).map(Self.resolved)
    let (d, classes) = (imageShape.count, logPriors.count)
    var score = [Float](repeating: 0, count: d)
    var scratch = GradientScratch(components: components)
    // One after the other, d each.
    var sums = [Double](repeating: 0, count: weights.count * d)
    var results = weights.map { _ in [Float](repeating: 0, count: images.batch * d) }
    images.scalars.withUnsafeBufferPointer { pixels in
      for image in 0..<images.batch {
        let pixels = UnsafeBufferPointer(rebasing: pixels[image * d..<(image + 1) * d])
        sums.withUnsafeMutableBufferPointer { $0.update(repeating: 0) }
        for label in 0..<classes where weights.contains(where: { $0[image, label] != 0 }) {
          score.withUnsafeMutableBufferPointer { $0.update(repeating: 0) }
          for component in classRanges[label] {
            let responsibility = exp(weighted[image, component] - logDensities[image, label])
            // Below a float's resolution of the sum the component contributes nothing.
            guard responsibility > 1e-9 else { continue }
            scratch.addGradient(
              of: components[component], convolved[component], at: pixels,
              coordinates: projection.coordinates(ofImage: image, component: component),
              responsibility: responsibility, to: &score)
          }
          for (index, weights) in weights.enumerated() where weights[image, label] != 0 {
            addProduct(weights[image, label], score, to: &sums, at: index * d)
          }
        }
        sums.withUnsafeBufferPointer { sums in
          for index in results.indices {
            results[index].withUnsafeMutableBufferPointer { result in
              for pixel in 0..<d { result[image * d + pixel] = Float(sums[index * d + pixel]) }
            }
          }
        }
      }
    }
    return (logDensities, results.map { Tensor(shape: images.shape, scalars: $0) })
  }

  /// Zero where a weight is beyond the resolution of a sum with the image's largest.
  private static func resolved(_ weights: Matrix) -> Matrix {
    var result = weights
    for image in 0..<weights.rows {
      let largest = weights.row(image).reduce(0) { max($0, abs($1)) }
      for label in 0..<weights.columns where abs(weights[image, label]) < largest * 0x1p-53 { result[image, label] = 0 }
    }
    return result
  }

  /// log of weight times density of every component, for each image by itself.
  /// - Parameter threads: the result does not depend on it.
  /// - Returns: N x number of components.
  func componentLogDensities(at images: Tensor, noise: Double, threads: Int = 1) throws -> Matrix {
    try projection(of: images, threads: threads).weightedLogDensities(
      components.map { ConvolvedComponent($0, noise: noise) })
  }

  private func logDensities(ofComponents weighted: Matrix) -> Matrix {
    var result = Matrix(rows: weighted.rows, columns: logPriors.count)
    for image in 0..<weighted.rows {
      let row = weighted.row(image)
      for (label, range) in classRanges.enumerated() {
        result[image, label] = logSumExp(row[row.startIndex + range.lowerBound..<row.startIndex + range.upperBound])
      }
    }
    return result
  }

  /// Most of the work, and the same at every noise level.
  private func projection(of images: Tensor, threads: Int = 1) throws -> MixtureProjection {
    precondition(images.stride == imageShape.count, "images of another size")
    guard let shared, let fingerprint else {
      return try MixtureProjection(of: images, on: components, threads: threads)
    }
    let numbers = try shared.arrays(
      "projection", of: [fingerprint], at: images, reuse: [.now, .later],
      isValid: { MixtureProjection($0, of: images, on: components) != nil }
    ) { try MixtureProjection(of: images, on: components, threads: threads).numbers }
    guard let projection = MixtureProjection(numbers, of: images, on: components) else {
      preconditionFailure("checked when it was found")
    }
    return projection
  }

  private static func digest(
    _ components: [MixtureComponent], _ classRanges: [Range<Int>], _ logPriors: [Double]
  ) -> String {
    var hash = SHA256()
    func add<Value>(_ values: [Value]) { values.withUnsafeBytes { hash.update(bufferPointer: $0) } }
    add(classRanges.map(\.count))
    add(logPriors)
    for component in components {
      add([component.dimension, component.factors])
      add([component.weight, component.noiseVariance])
      add(component.mean)
      add(component.loadings.scalars)
      add(component.variances)
    }
    return hash.finalize().hexadecimal
  }
}

/// `sums[start...] += weight * vector`.
private func addProduct(_ weight: Double, _ vector: [Float], to sums: inout [Double], at start: Int) {
  vector.withUnsafeBufferPointer { vector in
    sums.withUnsafeMutableBufferPointer { sums in
      for index in vector.indices { sums[start + index] += weight * Double(vector[index]) }
    }
  }
}
