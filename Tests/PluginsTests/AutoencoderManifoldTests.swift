import BenchCore
import Checkpoints
import Foundation
import Graph
import JSON
import Networks
import Tensor
import Testing
import _Fixtures
import _TestSupport

@testable import Plugins

@Suite struct AutoencoderManifoldTests {
  private static let k = 7

  private func network(activation: Layer = Layer("SiLU")) throws -> AutoencoderNetwork {
    let (checkpoint, description) = try ReferenceFixtures.autoencoder(k: Self.k, activation: activation)
    return try AutoencoderNetwork(checkpoint, description, ReferenceFixtures.options)
  }

  private func jacobians(_ network: AutoencoderNetwork, _ images: Tensor, threads: Int = 1) throws -> [[Float]] {
    try AutoencoderManifold(network, threads: threads).jacobians(at: images) { _, columns in Array(columns) }
  }

  /// The decoder on its own, `[1, k]` to pixels.
  private func decoder(_ network: AutoencoderNetwork) throws -> (graph: Graph, code: Graph.Value, image: Graph.Value) {
    var graph = Graph()
    let code = graph.input("code", [1, Self.k])
    let image = try network.decode(code, &graph)
    return (graph, code, image)
  }

  private func code(_ network: AutoencoderNetwork, _ image: Tensor) throws -> Tensor {
    var graph = Graph()
    let images = graph.input("images", image.shape)
    let code = try network.encode(images, &graph)
    return try graph.evaluate([code], inputs: ["images": image])[0]
  }

  @Test(arguments: ["SiLU", "Softplus"]) func jacobianAgreesWithFiniteDifferences(_ activation: String) throws {
    let network = try network(activation: Layer(activation))
    let images = ReferenceFixtures.images(2)
    let (graph, _, image) = try decoder(network)
    for index in 0..<2 {
      let point = try code(network, images[batch: index..<index + 1])
      let columns = try jacobians(network, images[batch: index..<index + 1])[0]
      let scale = columns.reduce(0) { max($0, abs($1)) }
      for direction in 0..<Self.k {
        func moved(_ step: Float) throws -> Tensor {
          var point = point
          point.scalars[direction] += step
          return try graph.evaluate([image], inputs: ["code": point])[0]
        }
        let (ahead, behind) = (try moved(0.02), try moved(-0.02))
        for (pixel, (a, b)) in zip(ahead.scalars, behind.scalars).enumerated() {
          // The cubic term of a step of 0.02, and float32 rounding of the difference.
          #expect(abs((a - b) / 0.04 - columns[direction * 180 + pixel]) < 2e-3 * scale)
        }
      }
    }
  }

  @Test(arguments: ["SiLU", "ReLU"]) func jacobianAgreesWithReverseMode(_ activation: String) throws {
    let network = try network(activation: Layer(activation))
    let image = ReferenceFixtures.images(1)
    let point = try code(network, image)
    let columns = try jacobians(network, image)[0]
    var (graph, input, output) = try decoder(network)
    let cotangent = graph.input("cotangent", graph.shape(of: output))
    let gradient = try graph.gradient(of: [(output, cotangent)], withRespectTo: [input])[0]
    let scale = columns.reduce(0) { max($0, abs($1)) }
    for pixel in stride(from: 0, to: 180, by: 7) {
      var unit = Tensor(shape: [1, 2, 9, 10], repeating: 0)
      unit.scalars[pixel] = 1
      let row = try graph.evaluate([gradient], inputs: ["code": point, "cotangent": unit])[0]
      for direction in 0..<Self.k {
        #expect(abs(row.scalars[direction] - columns[direction * 180 + pixel]) < 1e-5 * scale)
      }
    }
  }

  @Test func conformance() throws {
    let (checkpoint, description) = try ReferenceFixtures.autoencoder(k: Self.k)
    let manifold = try AutoencoderPlugin.load([ReferenceFile(checkpoint, description)], ReferenceFixtures.options)
    #expect(manifold.dimension == Self.k && manifold.learned?.id == "toy-autoencoder")
    #expect(manifold.learned?.checkpoint.sha256 == checkpoint.sha256)
    expectNone(ManifoldConformance.problems(manifold, images: ReferenceFixtures.images(21)))
  }

  /// Bit for bit, with a last block that is not full.
  @Test func threadsDoNotMatter() throws {
    let images = ReferenceFixtures.images(40)
    let network = try network()
    let (one, three) = (try jacobians(network, images), try jacobians(network, images, threads: 3))
    #expect(one.map { $0.map(\.bitPattern) } == three.map { $0.map(\.bitPattern) })
    let late = try jacobians(network, images[batch: 37..<38])[0]
    #expect(late.map(\.bitPattern) == one[37].map(\.bitPattern))
  }

  /// Sizes of all parities, and images so small that nothing is halved.
  @Test(arguments: [[1, 20, 40], [3, 32, 32], [1, 28, 28], [2, 13, 9], [1, 5, 7], [1, 33, 65]])
  func anyImageSize(_ shape: [Int]) throws {
    let shape = Shape(shape)
    let (checkpoint, description) = try ReferenceFixtures.autoencoder(k: 4, shape: shape)
    let options = ReferenceOptions(task: "toy", imageShape: shape, classCount: 3)
    let basis = try AutoencoderPlugin.load([ReferenceFile(checkpoint, description)], options)
      .tangentBasis(at: ReferenceFixtures.images(2, shape))
    #expect(basis.bases.map(\.shape) == [[4, shape.count], [4, shape.count]])
  }

  /// A decoder that ignores some of its inputs has fewer tangent directions.
  @Test func rankDeficientDecoder() throws {
    var description = ModelDescription(id: "flat", name: "Flat")
    description.kind = .autoencoder
    description.architecture = try JSONDecoding.parse(
      Data(
        """
        {"encoder": [{"type": "Flatten"}, {"type": "Linear", "name": "a"}],
         "decoder": [{"type": "Linear", "name": "b"}, {"type": "Reshape", "shape": [1, 2, 3]}]}
        """.utf8), source: "test")
    var weights = [Float](repeating: 0, count: 24)
    // Columns 0 and 2 of b span one direction, column 1 is another, column 3 is zero.
    for pixel in 0..<6 {
      (weights[pixel * 4], weights[pixel * 4 + 2]) = (Float(pixel), -2 * Float(pixel))
      weights[pixel * 4 + 1] = 1
    }
    let checkpoint = try ModelFixtures.write([
      TensorToWrite(name: "a.weight", shape: [4, 6], floats: [Float](repeating: 0.1, count: 24)),
      TensorToWrite(name: "b.weight", shape: [6, 4], floats: weights),
    ])
    let options = ReferenceOptions(task: "toy", imageShape: [1, 2, 3], classCount: 3)
    let basis = try AutoencoderPlugin.load([ReferenceFile(checkpoint, description)], options)
      .tangentBasis(at: ReferenceFixtures.images(3, [1, 2, 3]))
    #expect(basis.bases.allSatisfy { $0.shape == [2, 6] })
    let angles = try principalAngles(
      Matrix(rows: 2, columns: 6, scalars: basis.bases[0].scalars.map(Double.init)),
      Matrix(rows: 2, columns: 6, scalars: [0, 1, 2, 3, 4, 5, 1, 1, 1, 1, 1, 1]).orthonormalRowBasis())
    #expect((angles.last ?? 90) < 1e-3)
  }

  @Test func unfitDescriptionsAreRefused() throws {
    let (checkpoint, description) = try ReferenceFixtures.autoencoder(k: Self.k)
    func message(
      _ options: ReferenceOptions = ReferenceFixtures.options, _ change: (inout ModelDescription) throws -> Void
    ) throws -> String {
      var changed = description
      try change(&changed)
      return ReferenceFixtures.message { _ = try AutoencoderPlugin.load([ReferenceFile(checkpoint, changed)], options) }
        ?? ""
    }
    #expect(try message { _ in } == "")
    let none = ReferenceFixtures.message {
      _ = try AutoencoderPlugin.load([ReferenceFile(checkpoint)], ReferenceFixtures.options)
    }
    #expect(none?.contains("\"kind\": \"autoencoder\"") ?? false)
    #expect(try message { $0.kind = nil }.contains("evaluate CHECKPOINT"))
    #expect(try message { $0.kind = .denoiser }.contains("--score denoiser=FILE"))
    #expect(try message { $0.task = "cifar10" }.contains("--task cifar10"))
    #expect(try message { $0.architecture = nil }.contains("encoder"))
    #expect(try message { $0.architecture = .string("resnet18") }.contains("architecture"))
    #expect(try message { $0.preprocessing = Preprocessing(mean: [0], std: [1]) }.contains("2"))
    #expect(
      try message { $0.preprocessing = Preprocessing(mean: [0, 0], std: [1, 0]) }.contains("standard deviation"))
    // Images of another size fail where the convolutions meet the linear layer, others of one channel at once.
    let wide = ReferenceOptions(task: "toy", imageShape: [2, 8, 20], classCount: 3)
    #expect(try message(wide) { _ in }.contains("encoder.code.weight"))
    let grey = ReferenceOptions(task: "toy", imageShape: [1, 9, 10], classCount: 3)
    #expect(try message(grey) { _ in }.contains("the images 1 channels"))
    #expect(try message(grey) { $0.preprocessing = nil }.contains("encoder.conv0"))
    // Encoder and decoder exchanged.
    let lists = try JSONDecoding.decode(
      AutoencoderNetwork.Lists.self, from: try #require(description.architecture), source: "test")
    let exchanged = try ReferenceFixtures.json(
      AutoencoderNetwork.Lists(encoder: lists.decoder, decoder: lists.encoder))
    #expect(try message { $0.architecture = exchanged }.contains("architecture.encoder"))
    let noCode = try ReferenceFixtures.json(
      AutoencoderNetwork.Lists(encoder: Array(lists.encoder.dropLast()), decoder: lists.decoder))
    #expect(!(try message { $0.architecture = noCode }).isEmpty)
    let twoDecoders = try ReferenceFixtures.json(
      AutoencoderNetwork.Lists(encoder: lists.encoder, decoder: Array(lists.decoder.prefix(2))))
    #expect(try message { $0.architecture = twoDecoders }.contains("decoder"))
  }

  @Test func imagesFarAwayAreErrors() throws {
    let network = try network()
    let manifold = try AutoencoderManifold(network, threads: 1)
    let images = Tensor(shape: [1, 2, 9, 10], repeating: .infinity)
    #expect(ReferenceFixtures.message { _ = try manifold.tangentBasis(at: images) }?.contains("not finite") ?? false)
    let small = Tensor(shape: [1, 2, 9, 9], repeating: 0)
    #expect(throws: GraphError.self) { try manifold.tangentBasis(at: small) }
  }
}
