import BenchCore
import Foundation
import Synchronization
import Tensor
import Testing
import _Fixtures

@testable import Mixtures

@Suite struct MixtureFitTests {
  @Test("EM recovers the likelihood of the mixture that made the images")
  func recoversLikelihood() throws {
    let fit = try MixtureFixtures.fit()
    let known = try MixtureFixtures.known()
    let test = try MixtureFixtures.dataset(1000, split: "test")
    let truth = try known.logDensities(at: try test.prefix(1000).images, noise: 0)
    var total = 0.0
    var correct = 0
    for row in 0..<truth.rows {
      total += logSumExp(truth.row(row).map { $0 + log(0.5) })
      let predicted = truth[row, 0] >= truth[row, 1] ? 0 : 1
      if predicted == Int(test.labels[row]) { correct += 1 }
    }
    // About 100 parameters a class cost 100 / (2 * 2000) nats a class; the rest is sampling.
    #expect(abs(fit.heldOutLogLikelihood - total / 1000) < 0.15)
    #expect(abs(fit.accuracy - Double(correct) / 1000) < 0.01)
    #expect(fit.components.map(\.count) == [2, 2])
    #expect(fit.components.flatMap { $0 }.allSatisfy { abs($0.noiseVariance - 0.0009) < 0.0001 })
  }

  @Test("log-likelihood never falls without a prior, and its sum with the log-prior never falls with one")
  func monotone() throws {
    for priorImages in [0.0, 200] {
      var settings = MixtureFixtures.settings
      settings.tolerance = 0
      settings.maximumIterations = 25
      let train = try MixtureFixtures.dataset(2000, split: "train")
      let images = ClassImages(dataset: train, indices: train.indices(classCount: 2)[0])
      let prior = try priorImages > 0 ? Self.prior(images: priorImages) : nil
      let random = RandomStream(seed: 1, name: "start")
      // A poor start: random directions, so that there is something to climb.
      let components = try (0..<3).map { index in
        let axes = try Matrix(rows: 3, columns: 20, scalars: random.normals(item: index, count: 60))
          .orthonormalRowBasis()
        return MixtureComponent(
          weight: 1 / 3.0, mean: try images.image(index),
          loadings: Tensor(shape: [3, 20], scalars: axes.scalars.map(Float.init)), variances: [0.05, 0.04, 0.03],
          noiseVariance: 0.02)
      }
      var fit = ExpectationMaximization(images, components: components, prior: prior, settings: settings)
      try fit.run {}
      #expect(fit.objectives.count > 5)
      // Sums are in single precision.
      for (before, after) in zip(fit.objectives, fit.objectives.dropFirst()) { #expect(after > before - 1e-4) }
      #expect((fit.objectives.last ?? 0) > fit.objectives[0] + 5)
      if prior == nil { #expect(fit.objectives == fit.logLikelihoods) }
    }
  }

  private static func prior(images: Double) throws -> CovariancePrior {
    let axes = try Matrix(
      rows: 2, columns: 20, scalars: RandomStream(seed: 9, name: "prior").normals(item: 0, count: 40)
    ).orthonormalRowBasis()
    return CovariancePrior(images: images, axes: axes, variances: [0.02, 0.01], noiseVariance: 0.002)
  }

  @Test("the fit has the same bits for any number of threads")
  func threads() throws {
    var settings = MixtureFixtures.settings
    settings.priorImages = 50
    #expect(
      try MixtureFixtures.fit(settings, trainCount: 1200, threads: 1)
        == MixtureFixtures.fit(settings, trainCount: 1200, threads: 3))
  }

  /// A data set as files are: every image read anew, and how often.
  private final class CountedPixels: PixelSource {
    let base: PixelDataset
    let reads = Mutex(0)

    init(_ base: PixelDataset) { self.base = base }

    func copyBytes(of index: Int, to output: UnsafeMutableBufferPointer<UInt8>) throws {
      reads.withLock { $0 += 1 }
      _ = output.update(fromContentsOf: try base.bytes(index..<index + 1))
    }

    var dataset: PixelDataset {
      PixelDataset(
        name: base.name, split: base.split, imageShape: base.imageShape, source: self, labels: base.labels)
    }
  }

  @Test("images of files are decoded a class at a time, however many iterations there are, to the same fit")
  func filesAreDecodedOnce() throws {
    let train = try MixtureFixtures.dataset(1200, split: "train")
    let test = try MixtureFixtures.dataset(100, split: "test")
    var settings = MixtureFixtures.settings
    (settings.imagesPerComponent, settings.priorImages) = (300, 50)
    func fit(_ train: PixelDataset, _ test: PixelDataset) throws -> FittedMixture {
      try MixtureFit(
        train: train, test: test, classNames: ["a", "b"], settings: settings, threads: 2, progress: SilentProgress()
      ).fitted()
    }
    let (trainFiles, testFiles) = (CountedPixels(train), CountedPixels(test))
    let fitted = try fit(trainFiles.dataset, testFiles.dataset)
    #expect(try fitted == fit(train, test))
    #expect(fitted.logLikelihoods.allSatisfy { $0.count > 3 })
    // For the clusters, for the prior's sample, which is all of so few, and for the iterations.
    #expect(trainFiles.reads.withLock { $0 } == 3 * train.count)
    #expect(testFiles.reads.withLock { $0 } == test.count)
  }

  @Test("a thread holds no more decoded images than its share")
  func largestDecodedClass() throws {
    let files = CountedPixels(try MixtureFixtures.dataset(20, split: "train")).dataset
    let images = ClassImages(dataset: files, indices: files.indices(classCount: 2)[1])
    let most = ClassImages.largestHeld / (images.count * images.dimension)
    let held = try images.decoded(threads: most)
    #expect(held.dataset.isInMemory && held.dataset.count == 10)
    #expect(try (0..<10).allSatisfy { try held.image($0) == images.image($0) })
    #expect(try !images.decoded(threads: most + 1).dataset.isInMemory)
  }

  /// Who asks to stop the `last` time of being asked.
  private static func stopping(at last: Int, _ body: () throws -> Void) rethrows -> Int {
    let asked = Mutex(0)
    try Cancellation.$current.withValue(
      Cancellation {
        let count = asked.withLock {
          $0 += 1
          return $0
        }
        if count >= last { throw CancellationError() }
      }, operation: body)
    return asked.withLock { $0 }
  }

  @Test("a pass over a class's images ends before the next block where somebody asks to stop")
  func cancelledWithinOnePass() throws {
    let train = try MixtureFixtures.dataset(1200, split: "train")
    let images = ClassImages(dataset: train, indices: train.indices(classCount: 2)[0])
    #expect(images.count == 600)
    let random = RandomStream(seed: 1, name: "start")
    let asked = Self.stopping(at: 2) {
      #expect(throws: CancellationError.self) { try Clustering(images, count: 3, random: random, item: 0) }
    }
    #expect(asked == 2)
    // Three blocks a pass: undisturbed, the clustering asks before each of every pass.
    let all = try Self.stopping(at: .max) { _ = try Clustering(images, count: 1, random: random, item: 0) }
    #expect(all == 9)
    let known = try MixtureFixtures.known()
    let components = Array(known.components[known.classRanges[0]])
    var fit = ExpectationMaximization(images, components: components, prior: nil, settings: MixtureFixtures.settings)
    let fitAsked = Self.stopping(at: 3) {
      #expect(throws: CancellationError.self) { try fit.run {} }
    }
    #expect(fitAsked == 3 && fit.logLikelihoods.isEmpty)
  }

  /// Whose first class ends in a request to stop, which is made once.
  private final class StoppingOnce: ProgressReporter {
    let advances = Mutex(0)
    func begin(_ stage: String, total: Int) {}
    func note(_ text: String) {}
    func advance(by units: Int) throws {
      let count = advances.withLock {
        $0 += 1
        return $0
      }
      if count == 1 { throw CancellationError() }
    }
  }

  @Test("a reporter that asks to stop after a class's clusters is heard at once")
  func cancelledByTheReporter() throws {
    let reporter = StoppingOnce()
    #expect(throws: CancellationError.self) {
      try MixtureFixtures.fit(MixtureFixtures.settings, trainCount: 400, threads: 1, progress: reporter)
    }
    #expect(reporter.advances.withLock { $0 } == 1)
  }

  @Test("more components and factors than the images support are left out, not failed on")
  func fewImages() throws {
    let settings = MixtureSettings(
      imagesPerComponent: 1, maximumComponents: 30, factors: 19, tangentDimension: 19, priorImages: 5)
    let fit = try MixtureFixtures.fit(settings, trainCount: 24)
    #expect(fit.components.allSatisfy { !$0.isEmpty && $0.count <= 12 })
    #expect(fit.heldOutLogLikelihood.isFinite)
    for component in fit.components.flatMap({ $0 }) {
      #expect(component.noiseVariance >= MixtureSettings.varianceFloor)
      #expect(component.variances.allSatisfy { $0 >= component.noiseVariance && $0.isFinite })
    }
  }

  @Test("identical images make one component with the smallest variance")
  func identicalImages() throws {
    let train = PixelDataset(
      name: "flat", split: "train", imageShape: [1, 2, 3], pixels: [UInt8](repeating: 90, count: 60),
      labels: (0..<10).map { $0 % 2 })
    let settings = MixtureSettings(
      imagesPerComponent: 1, maximumComponents: 3, factors: 2, tangentDimension: 2, priorImages: 0)
    let fit = try MixtureFit(
      train: train, test: train, classNames: ["a", "b"], settings: settings, threads: 1, progress: SilentProgress()
    ).fitted()
    #expect(fit.components.map(\.count) == [1, 1])
    #expect(fit.components[0][0].noiseVariance == MixtureSettings.varianceFloor)
    #expect(fit.heldOutLogLikelihood.isFinite)
  }

  @Test("a class without images is refused by name")
  func classWithoutImages() throws {
    let train = try MixtureFixtures.dataset(20, split: "train")
    #expect(throws: MixtureError.classWithoutImages(split: "synthetic train", name: "c")) {
      try MixtureFit(
        train: train, test: train, classNames: ["a", "b", "c"], settings: MixtureFixtures.settings, threads: 1,
        progress: SilentProgress()
      ).fitted()
    }
  }
}
