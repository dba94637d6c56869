import BenchCore
import Conformance
import Foundation
import Tensor
import Testing
import _Fixtures
import _TestSupport

@testable import Plugins

/// The tasks of the direction paper: `sphere`, `square`, `square32`, `mnist-3-5`.
@Suite struct DirectionTaskTests {
  private let options = TaskOptions(threads: 2)

  @Test func theyConform() throws {
    expectNone(TaskPluginConformance.problems(SpherePlugin(), options: options))
    expectNone(TaskPluginConformance.problems(SquarePlugin.small, options: options))
    let score = SphereScore(radii: SphereTask.radii)
    expectNone(
      TaskConformance.problems(try SpherePlugin().make(options), count: 3) { images, noise in
        (0..<images.batch).map { image in
          let length = images.item(image).reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
          return score.radial(at: length, dimensions: images.stride, noise: noise).logDensity
        }
      })
    for plugin in [SquarePlugin.small, SquarePlugin.large] {
      expectNone(TaskConformance.problems(try plugin.make(options), count: 3))
    }
  }

  /// Sides and numbers of pixels of the paper's code.
  @Test(arguments: [(SquarePlugin.large, 142, 88, 12_420), (SquarePlugin.small, 20, 12, 256)])
  func squaresHaveTheirSides(plugin: SquarePlugin, large: Int, small: Int, ring: Int) {
    let image = plugin.image
    for (label, side) in [large, small].enumerated() {
      let square = image.square(label)
      #expect(square.count { $0 } == side * side)
      // In the middle, with as much around it on either side.
      let rows = (0..<image.side).filter { row in (0..<image.side).contains { square[row * image.side + $0] } }
      #expect(rows.count == side && rows.first == image.side - 1 - (rows.last ?? 0))
    }
    #expect(image.ring.count { $0 } == ring)
  }

  /// The difference of the images without noise, in [-1, 1], is as long as the paper's.
  @Test func waysAreAsLongAsThePapers() throws {
    for (plugin, l2) in [(SquarePlugin.large, 111.445), (SquarePlugin.small, 16.0)] {
      let task = try plugin.make(options)
      let set = try task.evaluationImages(count: 2, seed: 0)
      let ways = try #require(task.closestPoints).directions(from: set.images, towards: [0, 1])
      #expect(try #require(task.closestPoints).id == "exact")
      for image in 0..<2 {
        let length = ways.item(image).reduce(0.0) { $0 + 4 * Double($1) * Double($1) }.squareRoot()
        #expect(abs(length - l2) < 1e-2 && ways.item(image).map { abs($0) }.max() == 0.5)
      }
      #expect(zip(ways.item(0), ways.item(1)).allSatisfy { $0 == -$1 })
    }
    let sphere = try SpherePlugin().make(options)
    let set = try sphere.evaluationImages(count: 40, seed: 3)
    let ways = try #require(sphere.closestPoints).directions(from: set.images, towards: set.labels.map { 1 - $0 })
    for image in 0..<40 {
      let length = ways.item(image).reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
      #expect(abs(length - 0.3) < 1e-5)
      let moved = zip(ways.item(image), set.images.item(image)).reduce(0.0) { $0 + pow(Double($1.0) + Double($1.1), 2) }
      #expect(abs(moved.squareRoot() - SphereTask.radii[1 - set.labels[image]]) < 1e-5)
    }
  }

  @Test func noiseIsSmoothAndOfItsDeviation() throws {
    for (plugin, deviation) in [(SquarePlugin.large, 0.5), (SquarePlugin.small, 0.25)] {
      let image = plugin.image
      let normals = RandomStream(seed: 4, name: "noise").normals(item: 0, count: image.side * image.side)
      let noise = image.noise(normals)
      let mean = noise.reduce(0, +) / Double(noise.count)
      let variance = noise.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(noise.count)
      if image.clips {
        #expect(noise.allSatisfy { abs($0) <= 0.5 } && variance.squareRoot() < deviation)
        // 4.7 % of the pixels.
        #expect((0.01..<0.1).contains(Double(noise.count { abs($0) == 0.5 }) / Double(noise.count)))
      } else {
        #expect(abs(variance.squareRoot() - deviation) < 1e-12)
      }
      // The correlation of neighbours of noise under a Gaussian of deviation s is exp(-1 / (4 s^2)).
      let neighbours = (0..<noise.count).filter { $0 % image.side + 1 < image.side }.reduce(0.0) {
        $0 + (noise[$1] - mean) * (noise[$1 + 1] - mean)
      }
      let correlation = neighbours / Double(noise.count - image.side) / variance
      #expect(abs(correlation - exp(-1 / (4 * image.smoothing * image.smoothing))) < 0.05, "\(correlation)")
    }
  }

  /// scipy.ndimage.gaussian_filter(impulse, 1, mode="nearest", truncate=4) around the impulse, before scaling: its own square root ratios.
  @Test func theFilterIsTheGaussianOfScipy() {
    let image = SquareImage(side: 32, smoothing: 1, deviation: 1, clips: false)
    var impulse = [Double](repeating: 0, count: 32 * 32)
    impulse[16 * 32 + 16] = 1
    let noise = image.noise(impulse)
    let peak = noise[16 * 32 + 16]
    for (offset, ratio) in [(1, 0.60653066), (2, 0.13533528), (3, 0.011108997), (4, 0.00033546263)] {
      #expect(abs(noise[16 * 32 + 16 + offset] / peak - ratio) < 1e-7)
      #expect(abs(noise[(16 - offset) * 32 + 16] / peak - ratio) < 1e-7)
    }
    #expect(noise[16 * 32 + 21] == 0)
  }

  @Test(arguments: ["sphere", "square32"])
  func imagesAreAFunctionOfSeedSplitAndPlace(id: String) throws {
    let plugin = try #require(BuiltinPlugins.all.tasks.first { $0.id == id })
    let (one, two) = (try plugin.make(options), try plugin.make(TaskOptions(threads: 1)))
    let set = try one.evaluationImages(count: 33, seed: 5)
    let part = try two.evaluationImages(count: 9, seed: 5)
    #expect(part.images == set.images[batch: 0..<9] && part.labels == Array(set.labels[0..<9]))
    #expect(Set(set.labels) == [0, 1])
    #expect(try one.evaluationImages(count: 33, seed: 6).images != set.images)
    let training = try #require(try plugin.images(.training, options, count: 9, seed: 5))
    #expect(try training.count == 9 && training.images(0..<9) != part.images)
    let again = try #require(try one.trainingImages(count: 9, seed: 5))
    #expect(again.labels == training.labels)
    #expect(try again.images(3..<9) == training.images(3..<9))
    #expect(try plugin.images(.training, options, count: nil, seed: 5)?.count == 10_000)
    #expect(try one.evaluationImages(count: 0, seed: 5).images.batch == 0)
  }

  /// Half of the differences is the largest margin there is, and these classifiers have it.
  @Test func marginClassifiersAreRightAndPointTheExactWay() throws {
    for plugin in [SpherePlugin() as any TaskPlugin, SquarePlugin.small] {
      let task = try plugin.make(options)
      let set = try task.evaluationImages(count: 60, seed: 0)
      let classifier = try #require(task.marginClassifier)
      let result = try classifier.inputGradients(at: set.images) { logits, _ in
        [Tensor(shape: logits.shape, scalars: set.labels.flatMap { $0 == 0 ? [-1, 1] as [Float] : [1, -1] })]
      }
      #expect(result.logits.argmaxOfRows() == set.labels)
      let ways = try #require(task.closestPoints).directions(from: set.images, towards: set.labels.map { 1 - $0 })
      for cosine in cosineSimilarities(result.gradients[0], ways) { #expect(abs(cosine - 1) < 1e-6) }
      #expect(task.missingForRule.contains(.density) && task.ruleContradiction != nil)
    }
  }

  /// Against mpmath with 40 digits: log(besseli(249, x)) and besseli(250, x) / besseli(249, x).
  @Test(arguments: [
    (249.0, 1e3, 964.769_027_014_243_4, 0.781_063_437_161_203),
    (249.0, 4e4, 39_993.007_727_540_211, 0.993_781_875_531_059),
    (249.0, 50.0, -324.535_978_982_654_8, 0.099_023_270_804_725),
  ])
  func besselFunctions(order: Double, argument: Double, logarithm: Double, ratio: Double) {
    let (found, quotient) = (
      BesselI.logarithm(order: order, argument), BesselI.ratio(order: order, argument)
    )
    #expect(abs(found - logarithm) < 1e-7 * max(1, abs(logarithm)), "\(found)")
    #expect(abs(quotient - ratio) < 1e-9, "\(quotient)")
  }

  @Test func digitsThreeAndFiveAreTakenInOrder() throws {
    let folder = try ConformanceFixtures.mnist()
    let all = try MNIST.files.load(folder.url).train
    let files = ChosenClasses(name: "mnist-3-5", base: MNIST.files, classes: [3, 5])
    #expect(files.classNames == ["3", "5"])
    let pair = try files.load(folder.url).train
    let chosen = all.labels.indices.filter { [3, 5].contains(all.labels[$0]) }
    #expect(pair.count == chosen.count && pair.count > 0)
    #expect(pair.labels == chosen.map { all.labels[$0] == 3 ? 0 : 1 })
    for (place, index) in chosen.enumerated() {
      #expect(try pair.bytes(place..<place + 1) == all.bytes(index..<index + 1))
    }
  }

  @Test(.enabled(if: SharedData.has("mnist"), "needs the shared data"))
  func theRealDigitsAreAsManyAsThePapers() throws {
    let content = try ChosenClasses(name: "mnist-3-5", base: MNIST.files, classes: [3, 5]).load(
      SharedData.directory.appendingPathComponent("mnist"))
    #expect(content.train.labels.count { $0 == 0 } == 6131 && content.train.labels.count { $0 == 1 } == 5421)
    #expect(content.test.labels.count { $0 == 0 } == 1010 && content.test.labels.count { $0 == 1 } == 892)
  }

  @Test func withoutMarginClassifierTheNameSaysSo() throws {
    let evaluation = try ModelEvaluation(
      of: GlyphsTask(), EvaluationOptions(toolVersion: "test"), files: nil)
    #expect { try evaluation.load(.margin) } throws: { "\($0)".contains("is not known on task `glyphs`") }
  }
}
