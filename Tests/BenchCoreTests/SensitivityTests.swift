import Foundation
import Tensor
import Testing

@testable import BenchCore

@Suite struct SensitivityTests {
  private let shape: Shape = [1, 2, 3]

  private func normals(_ count: Int, item: Int = 0) -> [Float] {
    RandomStream(seed: 8, name: "test").normals(item: item, count: count).map { Float($0) }
  }

  private func classifier() -> QuadraticClassifier {
    let weights = RandomStream(seed: 8, name: "weights").normals(item: 0, count: 18)
    return QuadraticClassifier(inputShape: shape, weights: Matrix(rows: 3, columns: 6, scalars: weights))
  }

  /// Projection by solving the normal equations, independent of QR: the vectors here are not orthonormal.
  @Test func givenTangentVectorsAreOrthonormalised() throws {
    let images = Tensor(shape: [2, 1, 2, 3], scalars: normals(12))
    let noise = Tensor(shape: [2, 6], scalars: normals(12, item: 1))
    let vectors = Tensor(shape: [2, 2, 6], scalars: normals(24, item: 2))
    let basis = try TangentBasis(orthonormalizing: vectors)
    let directions = PerturbationDirections(noise: noise, tangentSpace: basis)
    let measured = try Sensitivity.measure(classifier(), at: images, along: directions, stepSizes: [0.5, 3])
    let weights = classifier().weights
    for image in 0..<2 {
      let t = vectors.item(image).map(Double.init)
      let (a, b) = (Array(t[0..<6]), Array(t[6..<12]))
      let u = noise.item(image).map(Double.init)
      func dot(_ x: [Double], _ y: [Double]) -> Double { zip(x, y).reduce(0) { $0 + $1.0 * $1.1 } }
      let determinant = dot(a, a) * dot(b, b) - dot(a, b) * dot(a, b)
      let first = (dot(b, b) * dot(a, u) - dot(a, b) * dot(b, u)) / determinant
      let second = (dot(a, a) * dot(b, u) - dot(a, b) * dot(a, u)) / determinant
      let on = (0..<6).map { first * a[$0] + second * b[$0] }
      let off = (0..<6).map { u[$0] - on[$0] }
      let x = images.item(image).map(Double.init)
      func probabilities(_ point: [Double]) -> [Double] { softmax((0..<3).map { dot(Array(weights.row($0)), point) }) }
      for (column, step) in [0.5, 3].enumerated() {
        for (direction, value) in [
          (on, measured.onManifold[image, column]), (off, measured.offManifold[image, column]),
        ] {
          let norm = dot(direction, direction).squareRoot()
          let moved = (0..<6).map { x[$0] + step * direction[$0] / norm }
          let expected = zip(probabilities(moved), probabilities(x)).reduce(0) { $0 + abs($1.0 - $1.1) }
          #expect(abs(value - expected) < 1e-5)
        }
      }
    }
  }

  @Test func rankDeficientVectorsSpanFewerDimensions() throws {
    let row = normals(6)
    let vectors = Tensor(shape: [1, 3, 6], scalars: row + row.map { 2 * $0 } + row.map { -$0 })
    #expect(try TangentBasis(orthonormalizing: vectors).dimension(ofImage: 0) == 1)
    let zero = Tensor(shape: [1, 3, 6], repeating: 0)
    #expect(try TangentBasis(orthonormalizing: zero).dimension(ofImage: 0) == 0)
  }

  @Test(arguments: [0, 6]) func withoutADirectionNothingChanges(rank: Int) throws {
    var basis = Tensor(shape: [rank, 6], repeating: 0)
    for row in 0..<rank { basis.scalars[row * 6 + row] = 1 }
    let directions = PerturbationDirections(
      noise: Tensor(shape: [1, 6], scalars: normals(6)), tangentSpace: TangentBasis(bases: [basis], assignment: [0]))
    let measured = try Sensitivity.measure(
      classifier(), at: Tensor(shape: [1, 1, 2, 3], scalars: normals(6)), along: directions, stepSizes: [2])
    #expect((measured.onManifold[0, 0] == 0) == (rank == 0))
    #expect((measured.offManifold[0, 0] == 0) == (rank == 6))
  }

  @Test func clippingKeepsPixelsInRange() throws {
    let directions = PerturbationDirections(
      noise: Tensor(shape: [1, 6], repeating: 1),
      tangentSpace: TangentBasis(bases: [Tensor(shape: [0, 6], scalars: [])], assignment: [0]))
    let white = Tensor(shape: [1, 1, 2, 3], repeating: 1)
    func change(clip: Bool) throws -> Double {
      try Sensitivity.measure(classifier(), at: white, along: directions, stepSizes: [1], clip: clip).offManifold[0, 0]
    }
    #expect(try change(clip: true) == 0)
    #expect(try change(clip: false) > 0.01)
  }

  @Test func aClassifierThatIsNotFiniteIsNamedWithStepAndImage() throws {
    let images = Tensor(shape: [2, 1, 2, 3], repeating: 0.25)
    var noise = Tensor(shape: [2, 6], repeating: 0)
    noise.scalars[0] = 1
    noise.scalars[6] = 1
    let directions = PerturbationDirections(
      noise: noise, tangentSpace: TangentBasis(bases: [Tensor(shape: [0, 6], scalars: [])], assignment: [0, 0]))
    #expect {
      try Sensitivity.measure(
        BrokenClassifier(base: classifier(), brokenPixel: 1.25), at: images, along: directions, stepSizes: [0.5, 1],
        firstImage: 64)
    } throws: { error in
      "\(error)".contains("logit 1 is nan at step 1 off the manifold, image 64")
    }
  }
}
