import BenchCore
import Foundation
import Mixtures
import Tensor

/// A known mixture on images of 4 x 5 pixels: two classes of two components with three factors each.
package enum MixtureFixtures {
  package static let imageShape: Shape = [1, 4, 5]

  package static func known() throws -> FactorMixture {
    let random = RandomStream(seed: 3, name: "mixture-fixture")
    let d = imageShape.count
    let classes = try (0..<2).map { label in
      try (0..<2).map { index in
        let item = label * 2 + index
        let draws = random.normals(item: item, count: 4 * d)
        let basis = try Matrix(rows: 3, columns: d, scalars: Array(draws[d...])).orthonormalRowBasis()
        return MixtureComponent(
          weight: index == 0 ? 0.6 : 0.4, mean: draws[..<d].map { Float(0.5 + 0.05 * $0) },
          loadings: Tensor(shape: [3, d], scalars: basis.scalars.map(Float.init)),
          variances: [0.02, 0.01, 0.005], noiseVariance: 0.0009)
      }
    }
    return FactorMixture(
      id: "known", imageShape: imageShape, logPriors: [log(0.5), log(0.5)], componentsOfClasses: classes)
  }

  /// Images drawn from the known mixture and rounded to bytes.
  package static func dataset(_ count: Int, split: String, name: String = "synthetic") throws -> PixelDataset {
    let mixture = try known()
    let random = RandomStream(seed: 4, name: split)
    let d = imageShape.count
    var pixels: [UInt8] = []
    var labels: [Int] = []
    for item in 0..<count {
      let label = item % 2
      let choice = random.uniforms(item: item, count: 1)[0] < 0.6 ? 0 : 1
      let component = mixture.components[mixture.classRanges[label].lowerBound + choice]
      let draws = random.normals(item: item, count: d + 3)
      // Noise everywhere, and what is missing to the variance along the loadings.
      var image = component.mean.enumerated().map { Double($1) + 0.03 * draws[$0] }
      for factor in 0..<3 {
        let scale = (component.variances[factor] - 0.0009).squareRoot() * draws[d + factor]
        for pixel in 0..<d { image[pixel] += scale * Double(component.loadings.scalars[factor * d + pixel]) }
      }
      pixels += image.map { UInt8(max(0, min(255, ($0 * 255).rounded()))) }
      labels.append(label)
    }
    return PixelDataset(name: name, split: split, imageShape: imageShape, pixels: pixels, labels: labels)
  }

  package static let settings = MixtureSettings(
    imagesPerComponent: 1000, maximumComponents: 2, factors: 3, tangentDimension: 2, priorImages: 0,
    maximumIterations: 40, tolerance: 1e-6)

  package static func fit(
    _ settings: MixtureSettings = settings, trainCount: Int = 4000, threads: Int = 1,
    progress: any ProgressReporter = SilentProgress()
  ) throws -> FittedMixture {
    try MixtureFit(
      train: dataset(trainCount, split: "train"), test: dataset(1000, split: "test"), classNames: ["a", "b"],
      settings: settings, threads: threads, progress: progress
    ).fitted()
  }
}
