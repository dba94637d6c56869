import Checkpoints
import Foundation
import Tensor
import Testing
import _Fixtures

@testable import Networks

@Suite struct LPIPSTests {
  private static func network(
    _ backbone: LPIPSBackbone, _ imageShape: Shape, _ tensors: [TensorToWrite]? = nil, threads: Int = 1
  ) throws -> LPIPSNetwork {
    try LPIPSNetwork(
      backbone, [ModelFixtures.write(tensors ?? LPIPSFixtures.tensors(backbone.rawValue))], imageShape: imageShape,
      threads: threads)
  }

  @Test("layer by layer as PyTorch in float64, for every network, image size and number of channels", .everyEngine)
  func agreesWithPyTorch() throws {
    let goldens = try LPIPSFixtures.goldens.get()
    #expect(Set(goldens.map(\.network)) == Set(LPIPSBackbone.allCases.map(\.rawValue)))
    for golden in goldens {
      let backbone = try #require(LPIPSBackbone(rawValue: golden.network))
      let shape = Shape(golden.imageShape)
      let network = try Self.network(backbone, shape)
      let pairs = LPIPSFixtures.images(shape)
      let (first, second) = (try network.features(pairs.first), try network.features(pairs.second))
      let found = network.layerDistances(first, second)
      for (expected, found) in zip(golden.layers, found) {
        #expect(expected.count == found.count)
        for (one, other) in zip(expected, found) {
          #expect(
            abs(one - other) < 1e-7 + 1e-6 * one, "\(golden.network) \(golden.imageShape): \(expected), got \(found)")
        }
      }
      #expect(network.distances(first, first) == [0, 0])
      #expect(network.distances(first, second) == network.distances(second, first))
    }
  }

  @Test("the same bytes alone, among others and on several threads")
  func imagesAreIndependent() throws {
    let shape: Shape = [3, 33, 35]
    let images = Tensor.concatenating(
      (0..<20).map { _ in LPIPSFixtures.images(shape).first } + [LPIPSFixtures.images(shape).second])
    let one = try Self.network(.squeeze, shape)
    let all = try one.features(images)
    #expect(try Self.network(.squeeze, shape, threads: 3).features(images) == all)
    #expect(try one.features(images[batch: 40..<42]) == all[batch: 40..<42])
    #expect(all.item(0) == all.item(38) && all.item(0) != all.item(40))
  }

  @Test("the smallest side is the smallest", arguments: LPIPSBackbone.allCases)
  func smallestSides(_ backbone: LPIPSBackbone) throws {
    let tensors = LPIPSFixtures.tensors(backbone.rawValue)
    let side = backbone.smallestSide
    _ = try Self.network(backbone, [1, side, side + 9], tensors)
    for shape: Shape in [[3, side - 1, 64], [3, 64, side - 1], [2, 64, 64], [4, 64, 64]] {
      #expect { try Self.network(backbone, shape, tensors) } throws: {
        "\($0)".contains("\(side) x \(side) pixels") && "\($0)".contains("1 or 3 channels")
      }
    }
  }

  // MARK: Files

  private static let squeeze = LPIPSFixtures.tensors("squeeze")

  private static func renamed(_ tensor: TensorToWrite, _ name: String) -> TensorToWrite {
    TensorToWrite(name: name, dtype: tensor.dtype, shape: tensor.shape, data: tensor.data)
  }

  private static func split(_ tensors: [TensorToWrite]) -> (backbone: [TensorToWrite], heads: [TensorToWrite]) {
    (tensors.filter { $0.name.hasPrefix("features") }, tensors.filter { $0.name.hasPrefix("lin") })
  }

  private static func distances(_ files: [[TensorToWrite]]) throws -> [Double] {
    let shape: Shape = [3, 17, 18]
    let network = try LPIPSNetwork(
      .squeeze, files.enumerated().map { try ModelFixtures.write($1, name: "file\($0).pth") }, imageShape: shape,
      threads: 1)
    let pairs = LPIPSFixtures.images(shape)
    return network.distances(try network.features(pairs.first), try network.features(pairs.second))
  }

  @Test("files as users have them")
  func files() throws {
    let expected = try Self.distances([Self.squeeze])
    let (backbone, heads) = Self.split(Self.squeeze)
    let classifier = TensorToWrite(
      name: "classifier.1.weight", shape: [10, 512, 1, 1], floats: .init(repeating: 1, count: 5120))
    // Torchvision's with the package's heads, only the convolutions, wrapped ones.
    #expect(try Self.distances([backbone + [classifier], heads]) == expected)
    #expect(try Self.distances([backbone, heads]) == expected)
    #expect(try Self.distances([backbone.map { Self.renamed($0, String($0.name.dropFirst(9))) }, heads]) == expected)
    #expect(
      try Self.distances([(backbone + [classifier]).map { Self.renamed($0, "module." + $0.name) }, heads]) == expected)
    // A whole LPIPS, in whose file each head stands twice.
    let scaling = [
      TensorToWrite(name: "scaling_layer.shift", shape: [1, 3, 1, 1], floats: [-0.030, -0.088, -0.188]),
      TensorToWrite(name: "scaling_layer.scale", shape: [1, 3, 1, 1], floats: [0.458, 0.448, 0.450]),
    ]
    let slices = backbone.enumerated().map {
      Self.renamed($1, "net.slice\($0 / 9 + 1)." + $1.name.dropFirst(9))
    }
    let again = heads.map { Self.renamed($0, "lins." + $0.name.dropFirst(3)) }
    #expect(try Self.distances([scaling + slices + heads + again]) == expected)
    #expect(try Self.distances([slices, again]) == expected)
    // Heads of a file of their own are those that are meant.
    let others = heads.map { head in
      TensorToWrite(name: head.name, shape: head.shape, floats: .init(repeating: 0.5, count: head.shape[1]))
    }
    #expect(try Self.distances([backbone + others, heads]) == expected)
    // Trained without dropout.
    #expect(
      try Self.distances([backbone, heads.map { Self.renamed($0, $0.name.replacing("model.1", with: "model.0")) }])
        == expected)
  }

  /// The same convolutions and heads, kernels with their channels last, by the numbers of Flax's modules.
  @Test("weights as Flax has them")
  func flax() throws {
    let tensors = LPIPSFixtures.tensors("alex")
    let (convolutions, heads) = Self.split(tensors)
    func turned(_ tensor: TensorToWrite, _ name: String) -> TensorToWrite {
      guard tensor.shape.count == 4 else { return Self.renamed(tensor, name) }
      let (outputs, inputs) = (tensor.shape[0], tensor.shape[1])
      let pixels = tensor.shape[2] * tensor.shape[3]
      let floats = tensor.data.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
      var turned = [Float](repeating: 0, count: floats.count)
      for (place, value) in floats.enumerated() {
        let (output, input, pixel) = (place / pixels / inputs, place / pixels % inputs, place % pixels)
        turned[(pixel * inputs + input) * outputs + output] = value
      }
      return TensorToWrite(name: name, shape: [tensor.shape[2], tensor.shape[3], inputs, outputs], floats: turned)
    }
    let flax =
      convolutions.enumerated().map { index, tensor in
        turned(tensor, "AlexNet_0.Conv_\(index / 2).\(index % 2 == 0 ? "kernel" : "bias")")
      } + heads.enumerated().map { turned($1, "NetLinLayer_\($0).Conv_0.kernel") }
    let shape: Shape = [3, 33, 32]
    let images = LPIPSFixtures.images(shape).first
    let expected = try Self.network(.alex, shape, tensors).features(images)
    #expect(try Self.network(.alex, shape, flax).features(images) == expected)
    #expect(Self.message([flax]).contains("what looks like alexnet"))
    for (name, place) in [
      ("VGG16_0.Conv_12.kernel", "28.weight"), ("VGG16_0.Conv_0.bias", "0.bias"), ("VGG16_0.Conv_13.kernel", nil),
      ("VGG16_0.Conv_2.scale", nil), ("VGG16_1.Conv_2.kernel", nil), ("NetLinLayer_0.Conv_1.kernel", nil),
    ] {
      let found: String? = if case .convolution(let name)? = LPIPSFlaxName(name) { name } else { nil }
      #expect(found == place)
    }
  }

  @Test("what a result says of it")
  func record() throws {
    let (backbone, heads) = Self.split(Self.squeeze)
    let files = [
      try ModelFixtures.write(backbone, name: "squeezenet.pth"), try ModelFixtures.write(heads, name: "heads.pth"),
    ]
    let learned = try LPIPSNetwork(.squeeze, files, imageShape: [1, 20, 40], threads: 1).learned
    #expect(learned.id == "lpips-squeeze" && learned.parameters == 722_496 + 2240)
    #expect(
      learned.name
        == "LPIPS 0.1 on squeezenet1_1, with heads that are not the published ones, one channel as three equal ones")
    #expect(learned.checkpoint.sha256 == files[0].sha256 && learned.checkpoint.file == "squeezenet.pth")
    #expect(learned.further?.map(\.sha256) == [files[1].sha256])
    #expect(learned.checkpoint.format == "pytorch-zip")
  }

  private static func message(of backbone: LPIPSBackbone = .squeeze, _ files: [[TensorToWrite]]) -> String {
    do {
      _ = try LPIPSNetwork(
        backbone, files.enumerated().map { try ModelFixtures.write($1, name: "file\($0).pth") },
        imageShape: [3, 32, 32],
        threads: 1)
      return "none"
    } catch { return "\(error)" }
  }

  private static func replacing(_ name: String, _ shape: [Int], _ values: [Float]) -> [TensorToWrite] {
    squeeze.map { $0.name == name ? TensorToWrite(name: name, shape: shape, floats: values) : $0 }
  }

  @Test("another network is named")
  func otherNetworks() throws {
    let (backbone, heads) = Self.split(Self.squeeze)
    for other in [LPIPSBackbone.alex, .vgg] {
      let tensors = Self.split(LPIPSFixtures.tensors(other.rawValue)).backbone
      let message = Self.message([tensors, heads])
      #expect(message.hasPrefix("file0.pth: expected the convolutions of squeezenet1_1"), "\(message)")
      #expect(message.contains("what looks like \(other.network)"), "\(message)")
    }
    #expect(Self.message(of: .alex, [backbone]).contains("what looks like squeezenet1_1"))
    #expect(Self.message([heads, backbone]).contains("7 heads of LPIPS and no convolutions"))
    #expect(Self.message([backbone, backbone]).contains("the backbone comes first, then the heads"))
    let residual = try ModelFixtures.tensors("resnet20")
    let message = Self.message([residual, heads])
    #expect(message.contains("what looks like resnet20"), "\(message)")
    // VGG-16 with two convolutions more.
    let longer = [30, 32].flatMap { place in
      [
        TensorToWrite(name: "features.\(place).weight", shape: [1, 1, 1, 1], floats: [1]),
        TensorToWrite(name: "features.\(place).bias", shape: [1], floats: [1]),
      ]
    }
    let vgg = Self.split(LPIPSFixtures.tensors("vgg")).backbone
    #expect(Self.message(of: .vgg, [vgg + longer]).contains("expected the convolutions of vgg16"))
    #expect(LPIPSAppearance.network(["0.weight": [64, 3, 3, 3], "1.running_mean": [64]]) == nil)
  }

  @Test("heads that are missing, random, of another network or of the first version")
  func heads() {
    let (backbone, heads) = Self.split(Self.squeeze)
    #expect(Self.message([backbone]).contains("none of the 7 heads"))
    #expect(Self.message([backbone, Array(heads.dropLast())]).contains("`lin6.model.1.weight`, expected 7 heads"))
    #expect(
      Self.message(of: .alex, [LPIPSFixtures.tensors("alex"), heads]).contains(
        "holds 7 heads, expected the 5 of alexnet"))
    let others = LPIPSFixtures.tensors("vgg").filter { $0.name.hasPrefix("lin") }
    let other = Self.message([backbone, others])
    #expect(
      other.contains("tensor `lin3.model.1.weight` has shape [1, 512, 1, 1], expected [1, 384, 1, 1]"), "\(other)")
    let random = Self.message([
      Self.replacing("lin0.model.1.weight", [1, 64, 1, 1], (0..<64).map { $0 % 2 == 0 ? 0.1 : -0.1 })
    ])
    #expect(random.contains("32 of 64 weights of `lin0.model.1.weight` are negative") && random.contains("random"))
    let differing = Self.message([
      Self.squeeze + [
        TensorToWrite(name: "lins.0.model.1.weight", shape: [1, 64, 1, 1], floats: .init(repeating: 1, count: 64))
      ]
    ])
    #expect(differing.contains("`lins.0.model.1.weight` stand for the same weights and differ"), "\(differing)")
    #expect(LPIPSHeads([[0, 1], [2]]) == .other)
  }

  @Test("damaged, changed and foreign tensors")
  func tensors() {
    let bias = "features.0.bias"
    #expect(
      Self.message([Self.replacing(bias, [64], [.nan] + .init(repeating: 0, count: 63))]).contains(
        "`\(bias)` holds NaN"))
    #expect(Self.message([Self.replacing(bias, [32], .init(repeating: 0, count: 32))]).contains("[32], expected [64]"))
    #expect(
      Self.message([Self.squeeze.filter { $0.name != bias }]).contains("has no tensor `features.0.bias`"))
    let foreign = TensorToWrite(name: "decoder.weight", shape: [1], floats: [1])
    #expect(Self.message([Self.squeeze + [foreign]]).contains("1 tensors that are no part of LPIPS (`decoder.weight`)"))
    let integers = Self.squeeze.map { tensor in
      tensor.name == bias ? TensorToWrite(name: bias, shape: [64], integers: .init(repeating: 1, count: 64)) : tensor
    }
    #expect(Self.message([integers]).contains("`features.0.bias` is int64"))
    let scaling = TensorToWrite(name: "scaling_layer.scale", shape: [1, 3, 1, 1], floats: [1, 1, 1])
    #expect(Self.message([Self.squeeze + [scaling]]).contains("[1.0, 1.0, 1.0], expected [0.458, 0.448, 0.45]"))
  }

  // MARK: Real weights

  private static func shared(_ path: String) throws -> CheckpointFile {
    try CheckpointFile.open(try #require(ModelFixtures.shared).appendingPathComponent(path).path)
  }

  @Test(
    "trained weights and real images", .enabled(if: ModelFixtures.shared != nil, "needs ../shared"),
    arguments: [LPIPSBackbone.alex, .squeeze])
  func trained(_ backbone: LPIPSBackbone) throws {
    let weights = try Self.shared("models/lpips/\(backbone.rawValue).safetensors")
    let references = try CheckpointReader.stateDict(
      of: Self.shared("goldens/lpips/\(backbone.rawValue).reference.safetensors"))
    for side in [32, 64, 96] {
      let first = try ModelFixtures.tensor(references.tensor("a\(side)"))
      let second = try ModelFixtures.tensor(references.tensor("b\(side)"))
      let network = try LPIPSNetwork(backbone, [weights], imageShape: first.shape.droppingFirst, threads: 1)
      #expect(network.learned.name == "LPIPS 0.1 on \(backbone.network)")
      let layers = network.layerDistances(try network.features(first), try network.features(second))
      let expected = try references.tensor("layers\(side)_f64").doubles()
      for (one, other) in zip(layers.joined(), expected) {
        #expect(abs(one - other) < 1e-6, "\(one), expected \(other)")
      }
      for (one, other) in zip(layers, try references.tensor("distance\(side)_f64").doubles()) {
        #expect(abs(one.reduce(0, +) - other) < 1e-6)
      }
    }
  }
}
