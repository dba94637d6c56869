import BenchCore
import Foundation
import Tensor
import Testing
import _Fixtures

@testable import Mixtures

/// The way to the most probable point of a class under a mixture.
@Suite struct MixtureClosestPointsTests {
  /// Nothing is left of what lies off the factors of the component, and of what lies along them as much as its variance asks for.
  @Test func whatIsOffTheFactorsIsTakenAway() throws {
    let mixture = try MixtureFixtures.known()
    let random = RandomStream(seed: 9, name: "images")
    let images = Tensor(
      shape: [5, 1, 4, 5],
      scalars: (0..<5).flatMap { random.normals(item: $0, count: 20).map { Float(0.5 + 0.1 * $0) } })
    let classes = [0, 1, 1, 0, 1]
    let ways = try MixtureClosestPoints(mixture).directions(from: images, towards: classes)
    let densities = try mixture.componentLogDensities(at: images, noise: 0)
    for image in 0..<5 {
      let range = mixture.classRanges[classes[image]]
      let best = try #require(range.max { densities[image, $0] < densities[image, $1] })
      let component = mixture.components[best]
      let residual = zip(images.item(image), component.mean).map { Double($0) - Double($1) }
      let point = zip(residual, ways.item(image)).map { $0 + Double($1) }
      // The point less the mean lies in the span of the loadings, shrunk along each.
      var rest = point
      for factor in 0..<3 {
        let loading = component.loadings.item(factor).map(Double.init)
        let (before, after) = (
          zip(loading, residual).reduce(0) { $0 + $1.0 * $1.1 }, zip(loading, point).reduce(0) { $0 + $1.0 * $1.1 }
        )
        let share = (component.variances[factor] - component.noiseVariance) / component.variances[factor]
        #expect(abs(after - share * before) < 1e-5)
        for place in rest.indices { rest[place] -= after * loading[place] }
      }
      #expect(rest.allSatisfy { abs($0) < 1e-5 })
    }
    // An image's way does not depend on the others.
    let alone = try MixtureClosestPoints(mixture).directions(from: images[batch: 2..<3], towards: [1])
    #expect(zip(alone.scalars, ways.item(2)).allSatisfy { abs($0 - $1) < 1e-6 })
  }
}
