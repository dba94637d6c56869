import BenchCore
import Foundation
import Tensor
import Testing
import _Fixtures

@testable import Mixtures

@Suite struct MixtureDensityTests {
  private let mixture: FactorMixture
  private let images: Tensor

  init() throws {
    mixture = try MixtureFixtures.known()
    images = try MixtureFixtures.dataset(12, split: "density").prefix(12).images
  }

  @Test("log-densities are those of the dense covariance plus noise", arguments: [0, 0.1, 0.5, 2])
  func denseCovariance(noise: Double) throws {
    let fast = try mixture.logDensities(at: images, noise: noise)
    for (label, range) in mixture.classRanges.enumerated() {
      var joint = [[Double]](repeating: [], count: images.batch)
      for component in mixture.components[range] {
        let d = component.dimension
        var covariance = (component.noiseVariance + noise * noise) * Matrix.identity(d)
        let axes = component.loadingsMatrix
        for (factor, variance) in component.variances.enumerated() {
          for row in 0..<d {
            for column in 0..<d {
              covariance[row, column] +=
                (variance - component.noiseVariance) * axes[factor, row] * axes[factor, column]
            }
          }
        }
        let (inverse, logDeterminant) = try covariance.symmetricInverse()
        for image in 0..<images.batch {
          let residual = Matrix(
            rows: d, columns: 1, scalars: zip(images.item(image), component.mean).map { Double($0) - Double($1) })
          let energy = residual.times(inverse.times(residual), transposingSelf: true)[0, 0]
          joint[image].append(
            log(component.weight) - 0.5 * (energy + logDeterminant + Double(d) * log(2 * Double.pi)))
        }
      }
      for image in 0..<images.batch { #expect(abs(fast[image, label] - logSumExp(joint[image])) < 1e-3) }
    }
  }

  @Test("class scores are the derivatives of the log-densities", arguments: [0, 0.1, 0.5, 2])
  func classScores(noise: Double) throws {
    let (logDensities, scores) = try mixture.classScores(at: images, noise: noise)
    #expect(logDensities == (try mixture.logDensities(at: images, noise: noise)))
    let step: Float = 1e-3
    for pixel in [0, 7, 19] {
      let above = try mixture.logDensities(at: moved(images, pixel, by: step), noise: noise)
      let below = try mixture.logDensities(at: moved(images, pixel, by: -step), noise: noise)
      for image in 0..<images.batch {
        for label in 0..<2 {
          let difference = (above[image, label] - below[image, label]) / Double(2 * step)
          let score = Double(scores.scalars[(image * 2 + label) * 20 + pixel])
          #expect(abs(score - difference) < 0.02 + 2e-3 * abs(difference))
        }
      }
    }
  }

  @Test("the marginal score is the derivative of log p", arguments: [0.1, 0.5])
  func marginalScore(noise: Double) throws {
    let score = try DensityScore(mixture).score(at: images, noise: noise)
    let step: Float = 1e-3
    func marginal(_ images: Tensor) throws -> [Double] {
      let table = try mixture.logDensities(at: images, noise: noise)
      return (0..<table.rows).map { row in logSumExp(zip(table.row(row), mixture.logPriors).map(+)) }
    }
    for pixel in [3, 11] {
      let differences = zip(
        try marginal(moved(images, pixel, by: step)), try marginal(moved(images, pixel, by: -step))
      ).map { ($0 - $1) / Double(2 * step) }
      for image in 0..<images.batch {
        #expect(
          abs(Double(score.scalars[image * 20 + pixel]) - differences[image]) < 0.02 + 2e-3 * abs(differences[image]))
      }
    }
  }

  private func moved(_ images: Tensor, _ pixel: Int, by step: Float) -> Tensor {
    var moved = images
    for image in 0..<images.batch { moved.scalars[image * images.stride + pixel] += step }
    return moved
  }

  @Test("tangent bases are orthonormal, shared by images, cut to the task's dimension, and those of no other images")
  func tangentBasis() throws {
    let manifold = MixtureManifold(mixture: mixture, dimension: 2, threads: 1)
    #expect(manifold.dimension == 2)
    let basis = try manifold.tangentBasis(at: images)
    #expect(basis.assignment.count == images.batch)
    #expect(basis.bases.count == Set(basis.assignment).count)
    #expect(try manifold.tangentBasis(at: images[batch: 0..<1]).bases.count == 1)
    for base in basis.bases {
      #expect(base.shape == [2, 20])
      let rows = Matrix(rows: 2, columns: 20, scalars: base.scalars.map(Double.init))
      let gram = rows.times(rows, transposingOther: true)
      for row in 0..<2 {
        for column in 0..<2 { #expect(abs(gram[row, column] - (row == column ? 1 : 0)) < 1e-5) }
      }
    }
    // Images of two classes in turn, from well separated components.
    let components = basis.bases.map { base in
      mixture.components.firstIndex { $0.loadings[batch: 0..<2] == base }
    }
    let classes = basis.assignment.map { place in components[place].map { $0 / 2 } }
    #expect(classes == (0..<images.batch).map { $0 % 2 })
  }

  @Test("an image's bits depend neither on the others nor on threads")
  func batchInvariance() throws {
    let whole = try mixture.classScores(at: images, noise: 0.25)
    let bases = try MixtureManifold(mixture: mixture, dimension: 2, threads: 1).tangentBasis(at: images)
    #expect(
      try MixtureManifold(mixture: mixture, dimension: 2, threads: 3).tangentBasis(at: images).assignment
        == bases.assignment)
    for range in [0..<1, 3..<10, 11..<12] {
      let part = images[batch: range]
      let scores = try mixture.classScores(at: part, noise: 0.25)
      #expect(scores.scores == whole.scores[batch: range])
      for (row, image) in range.enumerated() {
        #expect(Array(scores.logDensities.row(row)) == Array(whole.logDensities.row(image)))
      }
    }
  }
}
