import BenchCore
import Tensor

/// The tangent space of a fitted mixture: the directions of largest variance of the component that most probably made
/// the image, among the components of all classes.
package struct MixtureManifold: Manifold {
  package let id: String
  package let dimension: Int
  private var mixture: FactorMixture
  private let threads: Int

  /// - Parameters:
  ///   - dimension: how many directions are tangent. The density may have more factors: likelihood asks for as many as
  ///     the images can support, while what counts as the manifold is a constant of the task.
  ///   - threads: the bases do not depend on it.
  package init(mixture: FactorMixture, dimension: Int, threads: Int) {
    id = mixture.id
    self.mixture = mixture
    self.threads = threads
    self.dimension = mixture.components.reduce(0) { max($0, min(dimension, $1.factors)) }
  }

  package var fingerprint: String? { mixture.fingerprint.map { "\($0) \(dimension)" } }

  /// The projections, which the density needs too, tell the component.
  package func sharing(_ numbers: SharedArrays) -> any Manifold {
    var copy = self
    copy.mixture = mixture.sharing(in: numbers)
    return copy
  }

  package func tangentBasis(at images: Tensor) throws -> TangentBasis {
    let weighted = try mixture.componentLogDensities(at: images, noise: 0, threads: threads)
    let priors = zip(mixture.classRanges, mixture.logPriors).flatMap { range, prior in range.map { _ in prior } }
    // Those of all components are more than half of the mixture again, and an image needs one.
    var bases: [Tensor] = []
    var places: [Int: Int] = [:]
    let assignment = (0..<images.batch).map { image in
      let row = weighted.row(image)
      var best = 0
      for index in priors.indices
      where row[row.startIndex + index] + priors[index] > row[row.startIndex + best] + priors[best] { best = index }
      if let place = places[best] { return place }
      let component = mixture.components[best]
      bases.append(component.loadings[batch: 0..<min(dimension, component.factors)])
      places[best] = bases.count - 1
      return bases.count - 1
    }
    return TangentBasis(bases: bases, assignment: assignment)
  }
}
