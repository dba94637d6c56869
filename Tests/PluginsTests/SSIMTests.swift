import BenchCore
import Foundation
import Tensor
import Testing
import _Fixtures
import _TestSupport

@testable import Plugins

@Suite struct SSIMTests {
  /// `structural_similarity(a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=2, channel_axis=0)` of
  /// scikit-image 0.26.0 in float64.
  @Test(
    "as scikit-image has it",
    arguments: [
      (Shape([3, 32, 32]), [0.3781926509716833, 0.26193615723314523]),
      (Shape([1, 11, 11]), [0.5566247971290937, 0.72662938214741]),
      (Shape([1, 20, 40]), [0.37896327193976903, 0.3142925394954515]),
    ])
  func agreesWithScikitImage(shape: Shape, expected: [Double]) throws {
    let pairs = LPIPSFixtures.images(shape)
    for (found, expected) in zip(try SSIM().compare(pairs.first, pairs.second), expected) {
      #expect(abs(found - expected) < 1e-12)
    }
  }

  /// Each window's weighted moments about its means, two-dimensional weights and no shortcuts.
  @Test("by its definition")
  func byDefinition() throws {
    let shape: Shape = [2, 12, 14]
    let pairs = LPIPSFixtures.images(shape)
    let weights = (-5...5).map { row in (-5...5).map { exp(-Double(row * row + $0 * $0) / 4.5) } }
    let total = weights.joined().reduce(0, +)
    for (image, found) in try SSIM().compare(pairs.first, pairs.second).enumerated() {
      let (a, b) = (pairs.first.item(image).map(Double.init), pairs.second.item(image).map(Double.init))
      var values: [Double] = []
      for channel in 0..<2 {
        for row in 5..<7 {
          for column in 5..<9 {
            func moment(_ value: (Int) -> Double) -> Double {
              var sum = 0.0
              for (y, line) in weights.enumerated() {
                for (x, weight) in line.enumerated() {
                  sum += weight / total * value((channel * 12 + row + y - 5) * 14 + column + x - 5)
                }
              }
              return sum
            }
            let (ma, mb) = (moment { a[$0] }, moment { b[$0] })
            let va = moment { (a[$0] - ma) * (a[$0] - ma) }
            let vb = moment { (b[$0] - mb) * (b[$0] - mb) }
            let covariance = moment { (a[$0] - ma) * (b[$0] - mb) }
            values.append(
              (2 * ma * mb + 0.0004) * (2 * covariance + 0.0036)
                / ((ma * ma + mb * mb + 0.0004) * (va + vb + 0.0036)))
          }
        }
      }
      #expect(abs(found - values.reduce(0, +) / Double(values.count)) < 1e-12)
    }
  }

  @Test func conforms() throws {
    expectNone(MetricConformance.problems(SSIM()))
    expectNone(MetricConformance.problems(SSIM(), imageShape: [1, 11, 30]))
    #expect(throws: EvaluationError.self) {
      try SSIM().compare(Tensor(shape: [1, 1, 10, 30], repeating: 0), Tensor(shape: [1, 1, 10, 30], repeating: 0))
    }
  }
}
