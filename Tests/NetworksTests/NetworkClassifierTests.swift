import BenchCore
import Checkpoints
import Graph
import Synchronization
import Tensor
import Testing
import _Fixtures

@testable import Networks

/// A network as a classifier: batches, threads, gradients, memory.
@Suite struct NetworkClassifierTests {
  private func classifier(
    _ file: String = "resnet18", architecture: String? = nil, images: Shape = [3, 12, 12], batch: Int = 32,
    threads: Int = 1
  ) throws -> NetworkClassifier {
    let model = try ModelFixtures.load(
      ModelFixtures.checkpoint(file), architecture: architecture, images: images, batch: batch, threads: threads)
    return try #require(model.classifier as? NetworkClassifier)
  }

  private func images(_ count: Int, _ shape: Shape = [3, 12, 12]) -> Tensor {
    let stream = RandomStream(seed: 3, name: "images")
    return Tensor(
      shape: shape.prepending(count),
      scalars: (0..<count).flatMap { stream.uniforms(item: $0, count: shape.count).map { Float($0) } })
  }

  private static let networks: [(file: String, shape: Shape)] = [
    ("resnet18", [3, 12, 12]), ("wideresnet-16-2", [3, 12, 12]), ("vgg11-imagenet", [1, 64, 32]),
    ("lenet", [1, 28, 28]),
  ]

  /// No bit of an image's numbers depends on the other images or on who computes it.
  @Test(arguments: networks) func batchesAndThreadsDoNotMatter(_ network: (file: String, shape: Shape)) throws {
    let images = images(70, network.shape)
    func results(batch: Int, threads: Int) throws -> (Tensor, Tensor, Tensor, [Tensor]) {
      let classifier = try classifier(network.file, images: network.shape, batch: batch, threads: threads)
      let result = try classifier.inputGradients(at: images) { logits, range in
        [
          GradientTarget.logitSum.cotangent(logits: logits, predicted: logits.argmaxOfRows(), labels: nil),
          GradientTarget.logOddsPredicted.cotangent(logits: logits, predicted: logits.argmaxOfRows(), labels: nil),
        ]
      }
      return (try classifier.logits(images), result.logits, result.gradients[0], [result.gradients[1]])
    }
    let reference = try results(batch: 1, threads: 1)
    #expect(reference.0 == reference.1)
    for (batch, threads) in [(7, 1), (64, 1), (1, 2), (7, 2), (64, 2)] {
      let other = try results(batch: batch, threads: threads)
      #expect(other == reference, "batch \(batch), \(threads) threads")
    }
    // The same image elsewhere in another call.
    let single = try classifier(network.file, images: network.shape, batch: 64).logits(images[batch: 69..<70])
    #expect(single == reference.0[batch: 69..<70])
  }

  @Test func severalCotangentsAreThoseOfSeparateCalls() throws {
    let classifier = try classifier(batch: 4)
    let images = images(6)
    let targets: [GradientTarget] = [.logitSum, .logitPredicted, .logSumExp, .logProbabilityPredicted]
    let together = try classifier.inputGradients(at: images) { logits, _ in
      targets.map { $0.cotangent(logits: logits, predicted: logits.argmaxOfRows(), labels: nil) }
    }
    #expect(together.gradients.count == targets.count)
    for (target, gradient) in zip(targets, together.gradients) {
      let alone = try classifier.inputGradient(target, at: images)
      #expect(alone.gradient == gradient)
      #expect(alone.logits == together.logits)
    }
    let none = try classifier.inputGradients(at: images) { _, _ in [] }
    #expect(none.gradients.isEmpty)
    #expect(none.logits == together.logits)
  }

  @Test func cotangentsAreAskedForEveryImageOnce() throws {
    let ranges = Mutex<[Range<Int>]>([])
    _ = try classifier(batch: 4, threads: 2).inputGradients(at: images(10)) { logits, range in
      ranges.withLock { $0.append(range) }
      return [Tensor(shape: logits.shape, repeating: 1)]
    }
    #expect(ranges.withLock { $0 }.flatMap { Array($0) }.sorted() == Array(0..<10))
  }

  @Test func noImagesGiveNoNumbers() throws {
    let classifier = try classifier()
    let none = Tensor(shape: [0, 3, 12, 12], scalars: [])
    #expect(try classifier.logits(none).shape == [0, 5])
    let result = try classifier.inputGradient(.logitSum, at: none)
    #expect(result.logits.shape == [0, 5])
    #expect(result.gradient.shape == [0, 3, 12, 12])
  }

  @Test(arguments: [[2, 3, 11, 12], [2, 1, 12, 12], [3, 12, 12], [2, 432]] as [Shape])
  func imagesOfAnotherShapeAreRefused(shape: Shape) throws {
    let classifier = try classifier()
    let wrong = Tensor(shape: shape, repeating: 0)
    for call in [
      { _ = try classifier.logits(wrong) }, { _ = try classifier.inputGradient(.logitSum, at: wrong) },
    ] {
      #expect { try call() } throws: { error in
        "\(error)" == "graph input `images` has shape \(shape), expected [\(shape[0]), 3, 12, 12]"
      }
    }
  }

  @Test func anErrorOfTheCotangentsIsPassedOn() throws {
    struct Stop: Error {}
    let classifier = try classifier(batch: 2, threads: 2)
    #expect(throws: Stop.self) { try classifier.inputGradients(at: images(9)) { _, _ in throw Stop() } }
    #expect(try classifier.logits(images(9)).shape == [9, 5])
  }

  /// Who asks a slow network to stop waits for an operator, not for the call's last image.
  @Test(arguments: [1, 2]) func aCallIsGivenUpBetweenOperators(_ threads: Int) throws {
    let classifier = try classifier(batch: 4, threads: threads)
    let images = images(16)
    let expected = try classifier.inputGradient(.logitSum, at: images).gradient
    let asked = Mutex(0)
    let cancellation = Cancellation {
      try asked.withLock { asked in
        asked += 1
        if asked > 5 { throw CancellationError() }
      }
    }
    #expect(throws: CancellationError.self) {
      try Cancellation.$current.withValue(cancellation) { try classifier.inputGradient(.logitSum, at: images) }
    }
    // Every thread asks once more at most.
    #expect((6...5 + threads).contains(asked.withLock { $0 }))
    #expect(try classifier.inputGradient(.logitSum, at: images).gradient == expected)
  }

  /// Central differences on the smooth variant, of networks without max pools.
  @Test(arguments: ["resnet18", "preact-resnet18-bn", "wideresnet-10-3"])
  func gradientsAreThoseOfTheLogits(file: String) throws {
    let name = try ModelFixtures.load(ModelFixtures.checkpoint(file), images: [3, 12, 12]).architecture
    let classifier = try classifier(file, architecture: "\(name)-softplus")
    let image = images(1)
    let result = try classifier.inputGradient(.logitPredicted, at: image)
    let predicted = result.logits.argmaxOfRows()[0]
    let norm = result.gradient.scalars.reduce(0) { $0 + Double($1 * $1) }.squareRoot()
    let step = 4e-3
    for direction in 0..<24 {
      let draws = RandomStream(seed: 9, name: "directions").normals(item: direction, count: image.scalars.count)
      let length = draws.reduce(0) { $0 + $1 * $1 }.squareRoot()
      func logit(_ distance: Double) throws -> Double {
        let moved = zip(image.scalars, draws).map { Float(Double($0) + distance * $1 / length) }
        return Double(try classifier.logits(Tensor(shape: image.shape, scalars: moved)).scalars[predicted])
      }
      let difference = try (logit(step) - logit(-step)) / (2 * step)
      let slope = zip(result.gradient.scalars, draws).reduce(0) { $0 + Double($1.0) * $1.1 / length }
      // float32 logits, of size 1 to 10, over a step of 4e-3.
      #expect(abs(difference - slope) < 2e-4 * norm)
    }
  }

  /// Programs are compiled once per batch size; workspaces are as many as workers at most.
  @Test func memoryIsKept() throws {
    let classifier = try classifier(batch: 4, threads: 2)
    #expect(classifier.kept == (0, 0))
    for _ in 0..<5 { _ = try classifier.logits(images(16)) }
    #expect(classifier.kept.programs == 1)
    #expect((1...2).contains(classifier.kept.workspaces))
    _ = try classifier.logits(images(3))
    #expect(classifier.kept.programs == 1, "3 images run in the program for 4")
    _ = try classifier.logits(images(5))
    #expect(classifier.kept.programs == 2, "the one left over has a program of its own")
    for _ in 0..<5 { _ = try classifier.inputGradient(.logitSum, at: images(16)) }
    #expect(classifier.kept.programs == 3)
    #expect(classifier.kept.workspaces <= 6)
  }

  private static func withoutWeights(_ image: Shape) throws -> Network {
    Network(
      inputShape: image,
      preprocessing: Preprocessing(
        mean: [Float](repeating: 0, count: image[0]), std: [Float](repeating: 1, count: image[0])),
      clampsInput: false, layers: [.flatten],
      weights: WeightSource(try CheckpointReader.stateDict(of: ModelFixtures.checkpoint("lenet"))))
  }

  /// Passes are as large as makes reading the weights cheap beside the maps.
  @Test(arguments: [(8, 4, 4), (8, 1000, 8), (64, 1000, 4), (64, 100_000, 8)])
  func weightsDecideHowLargePassesAre(_ side: Int, _ outputs: Int, _ images: Int) throws {
    var graph = Graph()
    let x = graph.input("images", [1, 1, side, side])
    let map = try graph.conv2d(
      x, graph.constant(Tensor(shape: [4, 1, 3, 3], repeating: 1)), ConvolutionGeometry(padding: 1))
    let pooled = try graph.flatten(graph.globalAveragePool(map))
    _ = try graph.linear(pooled, graph.constant(Tensor(shape: [outputs, 4], repeating: 1)))
    #expect(ImagePasses.suitable(for: graph) == images)
  }

  /// A call has passes for every thread, of four images at least, and no pass is much larger than what it holds.
  @Test(arguments: [
    (1, 64, [64]), (2, 64, [32]), (3, 64, [4, 6, 16]), (8, 64, [8]), (2, 200, [4, 32, 64]), (4, 10, [2, 4]),
    (1, 33, [1, 32]), (1, 7, [7]), (1, 5, [1, 4]), (1, 100, [4, 32, 64]), (1, 56, [56]),
  ])
  func imagesAreDividedIntoPasses(_ threads: Int, _ count: Int, _ passes: [Int]) throws {
    let ranges = Mutex<[Int]>([])
    let network = try Self.withoutWeights([2, 4, 4])
    let classifier = try NetworkClassifier(network, batch: 64, threads: threads)
    _ = try classifier.inputGradients(at: images(count, network.inputShape)) { logits, range in
      ranges.withLock { $0.append(range.count) }
      return [Tensor(shape: logits.shape, repeating: 1)]
    }
    #expect(Set(ranges.withLock { $0 }).sorted() == passes)
    #expect(classifier.kept.programs == passes.count)
  }

  /// Also where it is found out what fits: no program is compiled that does not run.
  @Test(arguments: [(1, 33, 2), (2, 64, 1), (1, 20, 2)])
  func programsAreThoseThatRun(_ threads: Int, _ count: Int, _ programs: Int) throws {
    let network = try Self.withoutWeights([2, 4, 4])
    let classifier = try NetworkClassifier(network, batch: 64, lowersBatch: true, threads: threads)
    let images = images(count, network.inputShape)
    #expect(try classifier.logits(images).scalars == images.scalars)
    #expect(classifier.kept.programs == programs)
  }

  @Test func aBatchCountsOnlyWhereThereAreImages() throws {
    #expect(try classifier(batch: 1 << 40).logits(images(3)).shape == [3, 5])
  }

  /// A batch that nobody asked for is lowered to what fits, with the same results.
  @Test func theDefaultBatchFitsIntoMemory() throws {
    let weights = WeightSource(try CheckpointReader.stateDict(of: ModelFixtures.checkpoint("lenet")))
    let network = Network(
      inputShape: [2, 16, 16], preprocessing: Preprocessing(mean: [0.5, 0.5], std: [1, 1]), clampsInput: false,
      layers: [.flatten], weights: weights)
    let images = images(64, network.inputShape)
    func pass(lowersBatch: Bool = true, memory: Int) throws -> (gradient: Tensor, largest: Int) {
      let classifier = try NetworkClassifier(network, batch: 64, lowersBatch: lowersBatch, threads: 1, memory: memory)
      try classifier.prepare(forImages: 64)
      let largest = Mutex(0)
      let result = try classifier.inputGradients(at: images) { logits, range in
        largest.withLock { $0 = max($0, range.count) }
        return [logits]
      }
      #expect(try classifier.logits(images) == result.logits)
      return (result.gradients[0], largest.withLock { $0 })
    }
    let whole = try pass(memory: 1 << 30)
    #expect(whole.largest == 64)
    var sizes: [Int] = []
    for memory in [1 << 20, 1 << 18, 1 << 16] {
      let lowered = try pass(memory: memory)
      #expect(lowered.gradient == whole.gradient)
      sizes.append(lowered.largest)
    }
    #expect(sizes[0] > sizes[1] && sizes[1] > sizes[2], "\(sizes)")
    // What does not fit is refused in words, not by the system later.
    func message(lowersBatch: Bool, memory: Int) -> String? {
      ModelFixtures.message { _ = try pass(lowersBatch: lowersBatch, memory: memory) }
    }
    #expect(message(lowersBatch: false, memory: 1 << 16)?.contains("lenet") == true)
    #expect(message(lowersBatch: false, memory: 1 << 16)?.hasSuffix("lower --batch or --threads") == true)
    #expect(message(lowersBatch: true, memory: 1 << 10)?.contains("a pass of 1 image takes") == true)
    #expect(message(lowersBatch: true, memory: 1 << 10)?.hasSuffix("; lower --threads") == true)
  }

  /// What a layer leaves of many large images is out of the cache before the next reads it, and takes memory: passes hold two, though
  /// more were asked for.
  @Test func largeImagesGoTwoByTwo() throws {
    let network = Network(
      inputShape: [3, 224, 224], preprocessing: Preprocessing(mean: [0, 0, 0], std: [1, 1, 1]), clampsInput: false,
      layers: [.flatten],
      weights: WeightSource(try CheckpointReader.stateDict(of: ModelFixtures.checkpoint("lenet"))))
    let classifier = try NetworkClassifier(network, batch: 8, threads: 1)
    try classifier.prepare(forImages: 8)
    let images = images(5, network.inputShape)
    let sizes = Mutex<[Int]>([])
    let result = try classifier.inputGradients(at: images) { logits, range in
      sizes.withLock { $0.append(range.count) }
      return [logits]
    }
    #expect(sizes.withLock { $0 } == [2, 2, 1])
    #expect(result.gradients[0].scalars == images.scalars)
    // One program with the gradient and one without: what was prepared is what ran.
    #expect(classifier.kept.programs <= 3)
  }

  /// (x - mean) / std per channel, after the clamp where the checkpoint asks for one.
  @Test func pixelsArePreparedInOrder() throws {
    func logits(clamps: Bool, _ pixels: [Float]) throws -> [Float] {
      let network = Network(
        inputShape: [2, 1, 1], preprocessing: Preprocessing(mean: [0.5, 0.25], std: [0.5, 0.125]), clampsInput: clamps,
        layers: [.flatten],
        weights: WeightSource(try CheckpointReader.stateDict(of: ModelFixtures.checkpoint("lenet"))))
      let classifier = try NetworkClassifier(network, batch: 1, threads: 1)
      return try classifier.logits(Tensor(shape: [1, 2, 1, 1], scalars: pixels)).scalars
    }
    #expect(try logits(clamps: false, [2, 0.5]) == [3, 2])
    #expect(try logits(clamps: true, [2, -1]) == [1, -2])
  }

  @Test(arguments: [
    Preprocessing(mean: [0.5], std: [0.5]), Preprocessing(mean: [0, 0, 0], std: [1, 0, 1]),
    Preprocessing(mean: [0, 0, 0], std: [1, -1, 1]), Preprocessing(mean: [0, .nan, 0], std: [1, 1, 1]),
    Preprocessing(mean: [], std: []), Preprocessing(mean: [0, 0, 0], std: [1, 1]),
  ]) func preprocessingOfAnotherKindIsRefused(_ preprocessing: Preprocessing) throws {
    let file = try ModelFixtures.checkpoint("resnet18")
    let message = ModelFixtures.message {
      _ = try ModelFixtures.load(file, images: [3, 12, 12], preprocessing: preprocessing)
    }
    let isPerChannel = preprocessing.mean.count == 3 && preprocessing.std.count == 3
    let expected = isPerChannel ? "pixels are divided by it" : "the images 3 channels; give one of each per channel"
    #expect(message?.contains(expected) == true)
  }
}
