import BenchCore
import Tensor

/// The way to the most probable point of a class under a mixture of factor analysers: of the component that explains the image best, the
/// mean with the factors that are most probable for it. With r = x - mean, a = U r and v the variance off the factors that is
///
///     mean + U' (a o (variances - v) / variances) - x
///
/// the projection of the direction paper's indirect method without a generator and without a search.
package struct MixtureClosestPoints: ClosestPoints {
  package let id = "projected"
  private let mixture: FactorMixture

  package init(_ mixture: FactorMixture) { self.mixture = mixture }

  package func directions(from images: Tensor, towards classes: [Int]) throws -> Tensor {
    let weighted = try mixture.componentLogDensities(at: images, noise: 0)
    let size = images.stride
    return Tensor(
      shape: images.shape,
      scalars: (0..<images.batch).flatMap { image -> [Float] in
        let row = weighted.row(image)
        let range = mixture.classRanges[classes[image]]
        let best = range.max { row[row.startIndex + $0] < row[row.startIndex + $1] } ?? range.lowerBound
        let component = mixture.components[best]
        let residual = zip(images.item(image), component.mean).map { Double($0) - Double($1) }
        var way = residual.map { -$0 }
        for (factor, variance) in component.variances.enumerated() {
          let loading = component.loadings.item(factor)
          let coordinate = zip(loading, residual).reduce(0.0) { $0 + Double($1.0) * $1.1 }
          let kept = coordinate * (variance - component.noiseVariance) / variance
          for (place, value) in loading.enumerated() { way[place] += kept * Double(value) }
        }
        precondition(way.count == size, "a mixture of images of another size")
        return way.map(Float.init)
      })
  }
}
