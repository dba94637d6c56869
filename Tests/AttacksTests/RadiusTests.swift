import BenchCore
import Synchronization
import Tensor
import Testing

@testable import Attacks

@Suite struct RadiusTests {
  private static let quick = AttackCatalogue.Options(steps: nil, restarts: nil, queries: 200)

  /// Radii of all images, along a grid that is wide enough.
  private func radii(
    _ attack: any Attack, _ classifier: any Classifier, _ set: ImageSet, range: ClosedRange<Float>? = nil,
    seed: UInt64 = 0,
    threads: Int = 1, tolerance: Double = 2e-4
  ) throws -> [Double?] {
    let measurement = try RobustnessMeasurement(
      classifier: classifier, set: set, range: range, seed: seed, threads: threads)
    let grid = (0..<12).map { 0.002 * Double(1 << $0) }
    return try measurement.run(
      AttackPlan(attack, radii: AttackRadii(reported: [], grid: grid), tolerance: tolerance), checksMasking: false,
      progress: SilentProgress()
    ).entry.radii
  }

  private func masking(of classifier: any Classifier, _ set: ImageSet) throws -> MaskingResult? {
    let measurement = try RobustnessMeasurement(classifier: classifier, set: set, range: nil, seed: 0, threads: 1)
    let outcome = try measurement.run(
      AttackPlan(
        ProjectedGradient(norm: .linf), radii: AttackRadii(reported: [.init(radius: 0.3)], grid: [1]), tolerance: nil),
      checksMasking: true, progress: SilentProgress())
    return outcome.entry.masking
  }

  /// Two classes: margin over dual norm.
  @Test(arguments: ["pgd-linf", "pgd-l2", "apgd-ce-linf", "apgd-ce-l2", "fab-t-linf", "fab-t-l2", "cw-l2"])
  func linearWithTwoClasses(_ id: String) throws {
    let classifier = LinearClassifier(shape: [3, 4, 4], classes: 2, seed: 7)
    let set = classifier.images(6)
    let attack = try AttackCatalogue.make(id)
    for (place, found) in try radii(attack, classifier, set).enumerated() {
      let expected = classifier.radius(of: Array(set.images.item(place)), label: set.labels[place], attack.norm)
      let radius = try #require(found)
      #expect(radius >= expected * (1 - 1e-5), "\(id): image \(place)")
      #expect(radius <= expected * (1 + (id == "cw-l2" ? 5e-3 : 1e-3)), "\(id): image \(place)")
    }
  }

  /// Those that aim at every class find the nearest one.
  @Test(arguments: ["apgd-t-linf", "apgd-t-l2", "fab-t-linf", "fab-t-l2"])
  func linearWithFiveClasses(_ id: String) throws {
    let classifier = LinearClassifier(shape: [1, 5, 5], classes: 5, seed: 2)
    let set = classifier.images(5)
    let attack = try AttackCatalogue.make(id)
    for (place, found) in try radii(attack, classifier, set).enumerated() {
      let expected = classifier.radius(of: Array(set.images.item(place)), label: set.labels[place], attack.norm)
      let radius = try #require(found)
      #expect(radius >= expected * (1 - 1e-5) && radius <= expected * (1 + 1e-3), "\(id): \(radius), not \(expected)")
    }
  }

  /// Between 0 and 1 pixels move as far as they can: the smallest t at which clip(t sign(w)), or clip(t w), reaches the plane.
  @Test(arguments: ["pgd-linf", "apgd-t-linf", "fab-t-linf", "fab-t-l2", "pgd-l2"])
  func linearWithinARange(_ id: String) throws {
    let classifier = LinearClassifier(shape: [3, 4, 4], classes: 2, seed: 7)
    let set = classifier.images(6)
    let attack = try AttackCatalogue.make(id)
    for (place, found) in try radii(attack, classifier, set, range: 0...1).enumerated() {
      let (image, label) = (Array(set.images.item(place)), set.labels[place])
      let towards = zip(classifier.weights[1 - label], classifier.weights[label]).map { Double($0) - Double($1) }
      let gap = -zip(towards, image).reduce(
        Double(classifier.biases[1 - label]) - Double(classifier.biases[label])
      ) { $0 + $1.0 * Double($1.1) }
      func change(_ t: Double) -> [Double] {
        zip(towards, image).map { slope, pixel in
          let room = slope > 0 ? 1 - Double(pixel) : Double(pixel)
          return (slope > 0 ? 1 : -1) * min(attack.norm == .linf ? t : t * abs(slope), room)
        }
      }
      var (low, high) = (0.0, 10.0)
      for _ in 0..<60 {
        let middle = (low + high) / 2
        if zip(towards, change(middle)).reduce(0, { $0 + $1.0 * $1.1 }) < gap { low = middle } else { high = middle }
      }
      let expected =
        attack.norm == .linf
        ? change(high).map(abs).max() ?? 0 : change(high).reduce(0) { $0 + $1 * $1 }.squareRoot()
      let radius = try #require(found)
      #expect(radius >= expected * (1 - 1e-5), "\(id): \(radius), not \(expected)")
      // FAB comes nearer with each of its steps, which box and plane bend.
      let error = id == "pgd-l2" ? 2e-2 : id.hasPrefix("fab") ? 5e-3 : 1e-3
      #expect(radius <= expected * (1 + error), "\(id): \(radius), not \(expected)")
    }
  }

  /// The ratio of logit differences is not defined for three classes; the margin is.
  @Test func targetedWithThreeClasses() throws {
    let classifier = LinearClassifier(shape: [1, 5, 5], classes: 3, seed: 4)
    let set = classifier.images(4)
    for (place, found) in try radii(try AttackCatalogue.make("apgd-t-l2"), classifier, set).enumerated() {
      let expected = classifier.radius(of: Array(set.images.item(place)), label: set.labels[place], .l2)
      #expect(try #require(found) <= expected * (1 + 1e-3))
    }
  }

  /// Never below the truth, and above it by what random search leaves.
  @Test(arguments: [AttackNorm.linf, .l2]) func squareFindsUpperBounds(_ norm: AttackNorm) throws {
    let classifier = LinearClassifier(shape: [1, 5, 5], classes: 2, seed: 5)
    let set = classifier.images(4)
    for (place, found) in try radii(SquareAttack(norm: norm, queries: 300), classifier, set, tolerance: 0.02)
      .enumerated()
    {
      let expected = classifier.radius(of: Array(set.images.item(place)), label: set.labels[place], norm)
      let radius = try #require(found)
      #expect(radius >= expected * (1 - 1e-5) && radius <= expected * 1.6, "\(radius), not \(expected)")
    }
  }

  /// Margins 0.15 of the exact classifier; the published grid makes 0.1566 and 0.00896 of medians 0.15 and 0.00835.
  @Test func spheres() throws {
    let set = RadialClassifier.points(8)
    let l2 = try radii(ProjectedGradient(norm: .l2), RadialClassifier(), set).map { $0 ?? .infinity }
    for radius in l2 { #expect(abs(radius - 0.15) < 2e-4, "\(radius)") }
    let linf = try radii(ProjectedGradient(norm: .linf), RadialClassifier(), set)
    let median = try #require(RadiusStatistics.median(linf, seed: 0).value)
    #expect(abs(median - 0.00835) < 2e-4, "\(median)")
    // Coordinates are not pixels: the paper's units are these themselves.
    let grid = [0.0005, 0.001, 0.002, 0.004, 0.006, 0.008, 0.01, 0.02]
    let publishedL2 = RadiusStatistics.published(l2, grid: grid.map { 2 * $0 * 500.0.squareRoot() })
    #expect(abs(try #require(publishedL2.value) / 2 - 0.1566) < 2e-4 && publishedL2.isMedian)
    let publishedLinf = RadiusStatistics.published(linf, grid: grid.map { 2 * $0 })
    #expect(abs(try #require(publishedLinf.value) / 2 - 0.00896) < 3e-4)
  }

  @Test(arguments: [
    "pgd-l2", "apgd-t-linf", "fab-t-l2", "square-linf", "square-l2", "spatial-flow", "spatial-rotation",
  ])
  func bytesDoNotDependOnThreadsOrOrder(_ id: String) throws {
    let classifier = LinearClassifier(shape: [1, 6, 6], classes: 4, seed: 11)
    let set = classifier.images(9)
    let attack = try AttackCatalogue.make(id, .init(steps: 10, restarts: nil, queries: 40))
    func run(_ threads: Int) throws -> RobustnessMeasurement.Outcome {
      try RobustnessMeasurement(classifier: classifier, set: set, range: 0...1, seed: 3, threads: threads).run(
        AttackPlan(attack, radii: AttackRadii(reported: [], grid: [0.01, 0.1]), tolerance: 0.05), checksMasking: false,
        progress: SilentProgress())
    }
    let one = try run(1)
    let many = try run(4)
    #expect(one.entry == many.entry && one.images == many.images)
    // Each image alone, the last one first.
    let search = RadiusSearch(grid: [0.01, 0.1], tolerance: 0.05)
    for place in (0..<9).reversed() {
      let images = AttackedImages(
        classifier: classifier, clean: [Array(set.images.item(place))], labels: [set.labels[place]], places: [place],
        range: 0...1, seed: 3)
      let alone = try search.run(attack, on: images)[0]
      #expect(alone.radius == one.entry.radii[place] && alone.image == Array(one.images.item(place)), "\(id): \(place)")
    }
  }

  @Test func misclassifiedImagesHaveRadiusZeroAndUnbrokenOnesNone() throws {
    let classifier = LinearClassifier(shape: [1, 5, 5], classes: 2, seed: 5)
    let right = classifier.images(4)
    let set = ImageSet(
      name: "uniform", split: "test", images: right.images, labels: [1 - right.labels[0]] + right.labels[1...])
    let measurement = try RobustnessMeasurement(classifier: classifier, set: set, range: 0...1, seed: 0, threads: 1)
    let outcome = try measurement.run(
      AttackPlan(
        ProjectedGradient(norm: .linf), radii: AttackRadii(reported: [.init(radius: 1e-5)], grid: []), tolerance: nil),
      checksMasking: true, progress: SilentProgress())
    #expect(outcome.entry.radii == [0, nil, nil, nil] && outcome.entry.censored == 3)
    #expect(outcome.entry.medianRadius.value == nil && outcome.entry.robustAccuracy[0].accuracy.value == 0.75)
    let masking = try #require(outcome.entry.masking)
    #expect(masking.checks.first { $0.kind == .largeRadius }?.images == 3)
  }

  @Test func imagesOutsideTheRangeAreRefused() throws {
    let classifier = LinearClassifier(shape: [1, 5, 5], classes: 2, seed: 5)
    #expect(throws: AttackError.self) {
      try RobustnessMeasurement(
        classifier: classifier, set: classifier.images(4), range: 0...0.25, seed: 0, threads: 1)
    }
  }

  /// A censored radius counts as the largest.
  @Test func medians() {
    #expect(RadiusStatistics.median([1, 3, nil], seed: 0).value == 3)
    #expect(RadiusStatistics.median([1, 3, nil, nil], seed: 0).value == nil)
    #expect(RadiusStatistics.median([0, 1, 3, nil], seed: 0).value == 2)
    let wide = RadiusStatistics.median((0..<101).map { Double($0) }, seed: 0)
    #expect(wide.value == 50 && (30...45).contains(wide.low ?? 0) && (55...70).contains(wide.high ?? 0))
  }

  /// Only gradients that lead nowhere: Square finds what they do not.
  @Test func maskedGradientsAreSuspected() throws {
    struct Masked: Classifier {
      let base = LinearClassifier(shape: [1, 5, 5], classes: 2, seed: 5)
      var inputShape: Shape { base.inputShape }
      var classCount: Int { 2 }
      func logits(_ images: Tensor) -> Tensor { base.logits(images) }
      func inputGradients(
        at images: Tensor, cotangents: @Sendable (Tensor, Range<Int>) throws -> [Tensor]
      ) throws -> (logits: Tensor, gradients: [Tensor]) {
        let result = try base.inputGradients(at: images, cotangents: cotangents)
        return (result.logits, result.gradients.map { Tensor(shape: $0.shape, repeating: 0) })
      }
    }
    let masked = Masked()
    let set = masked.base.images(12)
    let suspected = try #require(try masking(of: masked, set))
    #expect(suspected.isSuspected && suspected.verdict.contains("masked"))
    let suspicious = suspected.checks.filter(\.isSuspicious).map(\.kind)
    #expect(suspicious.contains(.queriesBeatGradients) && suspicious.contains(.zeroGradients))
    #expect(try #require(try masking(of: masked.base, set)).isSuspected == false)
  }

  /// What a result may name is what there is.
  @Test func catalogueIsWhatResultsMayName() throws {
    #expect(AttackCatalogue.entries.count == AttackRecord.norms.count)
    for entry in AttackCatalogue.entries {
      let attack = try AttackCatalogue.make(entry.id)
      #expect(AttackRecord.norms[entry.id] == attack.norm && attack.id == entry.id, "\(entry.id)")
    }
  }

  @Test func sequencesNeedACustomaryRadius() throws {
    let attack = try AttackCatalogue.make("autoattack-l2")
    #expect(try AttackPlan.usual(attack, task: "cifar10", pixels: 3072).radii.grid == [0.5])
    #expect {
      try AttackPlan.usual(attack, task: "glyphs", pixels: 800)
    } throws: { "\($0)".contains("no radius is customary on task `glyphs`") }
  }

  /// Asked before every pass through the network, so that nobody waits for a block of images.
  @Test(arguments: ["pgd-linf", "square-l2", "fab-t-linf", "autoattack-linf"]) func stopsBetweenPasses(_ id: String)
    throws
  {
    final class Impatient: ProgressReporter {
      let calls = Mutex(0)
      func begin(_ stage: String, total: Int) {}
      func note(_ text: String) {}
      func advance(by units: Int) throws {
        let count = calls.withLock { calls in
          calls += 1
          return calls
        }
        if count == 7 { throw CancellationError() }
      }
    }
    let classifier = LinearClassifier(shape: [1, 5, 5], classes: 3, seed: 5)
    let measurement = try RobustnessMeasurement(
      classifier: classifier, set: classifier.images(4), range: 0...1, seed: 0, threads: 1)
    let progress = Impatient()
    let plan = AttackPlan(
      try AttackCatalogue.make(id), radii: AttackRadii(reported: [.init(radius: 1e-5)], grid: []), tolerance: nil)
    #expect(throws: CancellationError.self) {
      _ = try measurement.run(plan, checksMasking: false, progress: progress)
    }
    #expect(progress.calls.withLock { $0 } == 7)
  }

  @Test func unknownAttacksAnswerWithTheNearest() {
    #expect {
      try AttackCatalogue.make("pgd-l3")
    } throws: { "\($0)".contains("did you mean `pgd-l2`?") }
  }
}
