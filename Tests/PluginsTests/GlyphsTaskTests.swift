import BenchCore
import Foundation
import Tensor
import Testing

@testable import Plugins

@Suite struct GlyphsTaskTests {
  let task: GlyphsTask

  init() throws { task = try GlyphsTask() }

  @Test func declaresItself() throws {
    #expect(task.id == "glyphs" && task.version == 2)
    #expect(task.classNames == ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"])
    #expect(task.imageShape == [1, 20, 40])
    #expect(task.manifold?.dimension == 223 && task.quality?.manifoldDimension == 223)
    let mask = try #require(try task.evaluationImages(count: 3, seed: 0).signalMask)
    #expect(mask.count == 3 && mask[0] == mask[2] && mask[0].filter { $0 }.count == 400)
    #expect(mask[1][19] && !mask[1][20])
    let options = TaskOptions(dataDirectory: nil, cacheDirectory: nil, threads: 2, progress: SilentProgress())
    #expect(try GlyphsPlugin().make(options).id == GlyphsPlugin().id)
  }

  @Test func basisIsOrthonormalAndKeepsToItsHalf() throws {
    let basis = try #require(task.manifold).tangentBasis(at: Tensor(shape: [1, 1, 20, 40], repeating: 0)).bases[0]
    let matrix = Matrix(rows: 223, columns: 800, scalars: basis.scalars.map(Double.init))
    let products = matrix.times(matrix, transposingOther: true) - Matrix.identity(223)
    #expect(products.scalars.allSatisfy { abs($0) < 1e-6 })
    for row in 0..<223 {
      let wrongHalf = row < 61 ? 20..<40 : 0..<20
      #expect((0..<20).allSatisfy { y in wrongHalf.allSatisfy { basis.scalars[row * 800 + y * 40 + $0] == 0 } })
    }
  }

  @Test func imagesDependOnSeedSplitAndIndexAlone() throws {
    let images = try task.sample(split: .evaluation, count: 130, seed: 7)
    #expect(images.name == "glyphs" && images.split == "evaluation")
    #expect(images.images.shape == [130, 1, 20, 40])
    let threaded = try GlyphsTask(threads: 2).evaluationImages(count: 130, seed: 7)
    #expect(threaded.images == images.images && threaded.labels == images.labels)
    let fewer = try task.sample(split: .evaluation, count: 5, seed: 7)
    #expect(fewer.images == images.images[batch: 0..<5] && fewer.labels == Array(images.labels[..<5]))
    #expect(try task.sample(split: .training, count: 5, seed: 7).images != fewer.images)
    #expect(try task.sample(split: .evaluation, count: 5, seed: 8).images != fewer.images)
    #expect(try task.sample(split: .evaluation, count: 0, seed: 8).images.shape == [0, 1, 20, 40])
  }

  /// Recorded on x86-64 with OpenBLAS: another library or processor must reproduce the very bits.
  @Test func imagesAreReproducible() throws {
    let images = try task.sample(split: .evaluation, count: 100, seed: 0)
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for pixel in images.images.scalars { hash = (hash ^ UInt64(pixel.bitPattern)) &* 0x0000_0100_0000_01b3 }
    #expect(images.images.scalars.allSatisfy { ($0 * 0x1p16).rounded() == $0 * 0x1p16 })
    #expect(hash == 4_556_284_469_217_384_101)
  }

  @Test func imagesFollowTheirDensity() throws {
    let images = try task.sample(split: .training, count: 2000, seed: 3)
    let pixels = images.images.scalars
    let mean = pixels.reduce(0.0) { $0 + Double($1) } / Double(pixels.count)
    let variance = pixels.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(pixels.count)
    #expect(abs(mean - 0.151) < 0.01 && abs(variance.squareRoot() - 0.379) < 0.005)
    // Off the manifold: s in every one of the 800 - 223 directions.
    let basis = try #require(task.manifold).tangentBasis(at: images.images)
    let signal = task.exactDensity.signal
    let distractor = task.exactDensity.distractor
    let centered = Tensor(shape: images.images.shape) { output in
      for index in pixels.indices {
        let (y, x) = ((index % 800) / 40, index % 40)
        let center = x < 20 ? signal.center[y * 20 + x] : distractor.center[y * 20 + x - 20]
        output[index] = pixels[index] - Float(center)
      }
    }
    let projected = basis.projection(of: centered)
    let off = zip(centered.scalars, projected.scalars).reduce(0.0) { $0 + pow(Double($1.0 - $1.1), 2) }
    #expect(abs((off / (2000 * 577)).squareRoot() - 0.015) < 1e-4)
    // In whitened coordinates of its own drawing an image's squared length is chi-squared of 61 degrees. The class's own
    // drawing, one Gaussian up to its weight, has made all but 3.2 % of the images; the median minds the rest little.
    var squared: [Double] = []
    for image in 0..<2000 {
      let left = (0..<400).map { Double(pixels[image * 800 + $0 / 20 * 40 + $0 % 20]) }
      let evaluation = try signal.evaluate(left, noise: 0)
      let precisions = try signal.precisions(noise: 0)
      let label = images.labels[image]
      squared.append(
        -2 * (evaluation.logDensities[label] - log(signal.weights[label, label])) - precisions.logDeterminants[label])
    }
    squared.sort()
    #expect(abs(squared[1000] - 60.3) < 1.5, "\(squared[1000])")
    let counts = (0..<10).map { digit in images.labels.filter { $0 == digit }.count }
    #expect(counts.allSatisfy { abs($0 - 200) < 60 })
  }

  @Test func recordedAccuracyIsMeasured() throws {
    let quality = try #require(task.quality)
    let images = try task.evaluationImages(count: quality.images, seed: 0)
    let accuracy = try accuracy(of: images)
    #expect(accuracy == quality.accuracy)
  }

  /// 0.98357 is what the numpy implementation gave for 100,000 images.
  @Test func accuracyOnManyImages() throws {
    let images = try GlyphsTask(threads: 2).sample(split: .evaluation, count: 20000, seed: 123)
    let accuracy = try accuracy(of: images)
    #expect(abs(accuracy - 0.98357) < 4 * (0.0163 * (1.0 / 20000 + 1.0 / 100_000)).squareRoot(), "\(accuracy)")
  }

  private func accuracy(of images: ImageSet) throws -> Double {
    let predicted = try DensityClassifier(task.exactDensity, noise: 0, threads: 2).logits(images.images).argmaxOfRows()
    return Double(zip(predicted, images.labels).filter { $0 == $1 }.count) / Double(images.labels.count)
  }
}
