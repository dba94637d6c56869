import BenchCore
import Foundation
import Tensor
import Testing

@testable import Plugins

/// The task against a second implementation, in numpy.
@Suite struct GlyphsGoldenTests {
  let golden: GlyphsGolden
  let density: GlyphsDensity
  let images: Tensor

  init() throws {
    golden = try GlyphsGolden.load()
    density = try GlyphsDensity()
    let stored = try golden["images"]
    images = Tensor(shape: Shape(stored.shape), scalars: stored.values.map(Float.init))
  }

  @Test func drawings() throws {
    for (place, digit) in [0, 5, 9].enumerated() {
      let drawn = GlyphRendering.render(GlyphAlphabet.digits[digit])
      #expect(GlyphsGolden.deviation(drawn, try golden["digits"].item(place), absolute: 1e-12, relative: 0) <= 1)
    }
    for (place, letter) in [0, 2].enumerated() {
      let drawn = GlyphRendering.render(GlyphAlphabet.letters[letter])
      #expect(GlyphsGolden.deviation(drawn, try golden["letters"].item(place), absolute: 1e-12, relative: 0) <= 1)
    }
    let deformation = GlyphDeformation(
      translationX: 1, translationY: -1, rotation: 0.2, logScaleX: -0.14, logScaleY: 0.14, shear: -0.2,
      thickness: 0.3, bend: -0.5)
    let deformed = GlyphRendering.render(GlyphAlphabet.digits[6], deformation)
    #expect(GlyphsGolden.deviation(deformed, try golden["deformed"].values, absolute: 1e-12, relative: 0) <= 1)
  }

  @Test func subspaces() throws {
    let (signal, distractor) = (density.signal, density.distractor)
    for image in 0..<2 {
      let (left, right) = halves(images.item(image).map(Double.init))
      let projected = joined(
        signal.vector(ofCoordinates: signal.coordinates(of: left)),
        distractor.vector(ofCoordinates: distractor.coordinates(of: right)))
      #expect(GlyphsGolden.deviation(projected, try golden["projection"].item(image), absolute: 1e-9, relative: 0) <= 1)
    }
    for (place, (block, index)) in [(signal, 3), (signal, 12), (distractor, 1)].enumerated() {
      let mean = zip(block.center, block.vector(ofCoordinates: Array(block.means.row(index)))).map(+)
      #expect(GlyphsGolden.deviation(mean, try golden["means"].item(place), absolute: 1e-9, relative: 0) <= 1)
    }
    let (left, right) = halves(images.item(0).map(Double.init))
    for (place, (block, half, index)) in [(signal, left, 4), (signal, left, 12), (distractor, right, 3)].enumerated() {
      let coordinates = Matrix(rows: block.dimension, columns: 1, scalars: block.coordinates(of: half))
      let image = block.vector(ofCoordinates: block.covariances[index].times(coordinates).scalars)
      #expect(GlyphsGolden.deviation(image, try golden["covariances"].item(place), absolute: 1e-8, relative: 0) <= 1)
    }
  }

  @Test(arguments: [(0.0, "0"), (0.5, "0.5"), (1.0, "1")])
  func densitiesAndScores(noise: Double, key: String) throws {
    let logDensities = try density.logDensities(at: images, noise: noise)
    #expect(
      GlyphsGolden.deviation(
        logDensities.scalars, try golden["logDensities@" + key].values, absolute: 1e-8, relative: 1e-10) <= 1)
    let posterior = density.logPosteriors(logDensities).scalars.map { exp($0) }
    #expect(GlyphsGolden.deviation(posterior, try golden["posterior@" + key].values, absolute: 1e-9, relative: 0) <= 1)
    let score = try DensityScore(density).score(at: images[batch: 0..<2], noise: noise)
    #expect(
      GlyphsGolden.deviation(
        score.scalars.map(Double.init), try golden["score@" + key].values, absolute: 1e-6, relative: 1e-6)
        <= 1)
  }

  @Test func classScoresAndLogPosteriorGradients() throws {
    let image = images[batch: 0..<1]
    let (logDensities, scores) = try density.classScores(at: image, noise: 0.5)
    #expect(try logDensities == density.logDensities(at: image, noise: 0.5))
    #expect(scores.shape == [1, 10, 1, 20, 40])
    for (place, digit) in [0, 4, 9].enumerated() {
      let values = scores.scalars[digit * 800..<(digit + 1) * 800].map(Double.init)
      let reference = try golden["classScores@0.5"].item(place)
      #expect(GlyphsGolden.deviation(values, reference, absolute: 1e-6, relative: 1e-6) <= 1)
      let gradient = try DensityClassifier(density, noise: 0.5)
        .inputGradient(.logProbabilityLabel, at: image, labels: [digit]).gradient
      let expected = try golden["logPosteriorGradients@0.5"].item(place)
      #expect(GlyphsGolden.deviation(gradient.scalars.map(Double.init), expected, absolute: 2e-5, relative: 2e-5) <= 1)
    }
  }

  private func halves(_ pixels: [Double]) -> (left: [Double], right: [Double]) {
    let left = pixels.indices.filter { $0 % 40 < 20 }
    let right = pixels.indices.filter { $0 % 40 >= 20 }
    return (left.map { pixels[$0] }, right.map { pixels[$0] })
  }

  private func joined(_ left: [Double], _ right: [Double]) -> [Double] {
    var pixels: [Double] = []
    for y in 0..<20 {
      pixels += left[y * 20..<(y + 1) * 20]
      pixels += right[y * 20..<(y + 1) * 20]
    }
    return pixels
  }
}
