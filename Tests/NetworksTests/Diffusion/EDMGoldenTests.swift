import CPU
import Checkpoints
import Foundation
import Graph
import Tensor
import Testing
import _Fixtures

@testable import Networks

/// Seeded snapshots of tiny networks, written by the original trainer, against its float64 numbers.
@Suite(.enabled(if: ModelFixtures.shared != nil, "../shared is not here")) struct EDMGoldenTests {
  static let names = [
    "ddpmpp-uncond-edm", "ddpmpp-cond-edm", "ddpmpp-three-levels-edm", "ddpmpp-uncond-vp", "ncsnpp-uncond-edm",
    "ncsnpp-uncond-ve", "ncsnpp-skip-edm", "adm-cond-edm", "adm-cond-iddpm",
  ]
  /// Single precision of the original's own is as far from double.
  private static let tolerance = 2e-5

  private static func file(_ name: String) throws -> CheckpointFile {
    let folder = try #require(ModelFixtures.shared).appendingPathComponent("goldens/edm")
    return try CheckpointFile.open(folder.appendingPathComponent(name).path)
  }

  private struct Golden {
    let pixels: Tensor
    /// In [-1, 1] units.
    let sigmas: [Double]
    let labels: [Int]?
    let content: Safetensors

    init(_ name: String) throws {
      content = try SafetensorsReader.read(EDMGoldenTests.file(name + ".reference.safetensors"))
      pixels = try ModelFixtures.tensor(#require(content["pixels"]))
      sigmas = try #require(content["sigma"]).doubles()
      labels = try content["class_labels"].map { stored in
        let rows = try ModelFixtures.tensor(stored)
        return (0..<rows.batch).map { row in rows.item(row).firstIndex(of: 1).map { $0 - row * rows.stride } ?? -1 }
      }
    }

    func doubles(_ name: String) throws -> [Double] { try #require(content[name]).doubles() }

    func image(_ index: Int, of values: [Double]) -> ArraySlice<Double> {
      values[index * pixels.stride..<(index + 1) * pixels.stride]
    }
  }

  /// The largest difference over the largest value.
  private static func error(_ got: some Collection<Float>, _ wanted: some Collection<Double>) -> Double {
    guard got.count == wanted.count else { return .infinity }
    let largest = wanted.reduce(0) { max($0, abs($1)) }
    return zip(got, wanted).reduce(0) { max($0, abs(Double($1.0) - $1.1)) } / largest
  }

  private static func check(_ network: DiffusionModel, _ golden: Golden) throws {
    let (denoised, score) = (try golden.doubles("denoised_f64"), try golden.doubles("score_pixel_units_f64"))
    for (image, sigma) in golden.sigmas.enumerated() {
      let pixels = golden.pixels[batch: image..<image + 1]
      let label = golden.labels.map { [$0[image]] }
      let own = try network.denoised(pixels, classes: label, noise: sigma / 2)
      #expect(error(own.scalars, golden.image(image, of: denoised)) < tolerance, "D at sigma \(sigma)")
      let ownScore = try network.score(at: pixels, classes: label, noise: sigma / 2)
      #expect(error(ownScore.scalars, golden.image(image, of: score)) < tolerance, "score at sigma \(sigma)")
    }
  }

  @Test(.everyEngine, arguments: names) func snapshots(name: String) throws {
    let golden = try Golden(name)
    let network = try DiffusionModel(edm: Self.file(name + ".pkl"), nil, threads: 1)
    #expect(network.imageShape == golden.pixels.shape.droppingFirst)
    #expect((network.classes != nil) == (golden.labels != nil))
    try Self.check(network, golden)
    guard golden.labels != nil else { return }
    // Without a class: zeros, as the original takes them.
    let unlabelled = try golden.doubles("denoised_unlabelled")
    for (image, sigma) in golden.sigmas.enumerated() {
      let own = try network.denoised(golden.pixels[batch: image..<image + 1], noise: sigma / 2)
      #expect(Self.error(own.scalars, golden.image(image, of: unlabelled)) < Self.tolerance)
    }
  }

  /// What tensors do not tell is that of the published networks, or said by a description.
  @Test(arguments: names) func stateDicts(name: String) throws {
    let file = try Self.file(name + ".state.safetensors")
    var told: [String] = []
    if name.hasSuffix("-vp") { told.append("\"preconditioning\": \"VPPrecond\"") }
    if name.hasSuffix("-ve") { told.append("\"preconditioning\": \"VEPrecond\"") }
    if name.hasPrefix("adm") {
      told.append("\"headChannels\": 8")
      let message = #expect(throws: DiffusionError.self) { try DiffusionModel(edm: file, nil, threads: 1) }?.description
      #expect(message?.contains("the number of attention heads") ?? false, "\(message ?? "")")
    }
    let description = told.isEmpty ? nil : try EDMFixture.description("{\(told.joined(separator: ", "))}")
    try Self.check(DiffusionModel(edm: file, description, threads: 1), Golden(name))
  }

  // MARK: - Block by block

  /// Every module's output against the original's, for the first image.
  @Test(arguments: names) func everyBlock(name: String) throws {
    let golden = try Golden(name)
    let modules = try DiffusionModules(CheckpointReader.stateDict(of: Self.file(name + ".pkl")), nil)
    let network = try DiffusionUNet(modules)
    let factors = try EDMPreconditioning(modules).factors(sigma: golden.sigmas[0])
    var found: [String: [Float]] = [:]
    let row = network.modulation(noise: factors.noise, label: golden.labels?[0]) { name, values in
      found[name] = values.map { Float($0) }
    }
    var graph = Graph()
    var traced: [(name: String, value: Graph.Value)] = []
    let images = graph.input("images", golden.pixels.shape.droppingFirst.prepending(1))
    let modulation = graph.input("modulation", [1, network.width])
    _ = try network.append(to: images, modulation: modulation, &graph) { traced.append(($0, $1)) }
    let scaled = golden.pixels.item(0).map { Float(factors.input * (2 * Double($0) - 1)) }
    let values = try graph.evaluate(
      traced.map(\.value),
      inputs: [
        "images": Tensor(shape: graph.shape(of: images), scalars: scaled),
        "modulation": Tensor(shape: [1, row.count], scalars: row),
      ], on: Engine.backend)
    for (trace, value) in zip(traced, values) { found[trace.name] = value.scalars }

    let wanted = try SafetensorsReader.read(Self.file(name + ".trace.safetensors"))
    #expect(wanted.tensors.count > 30)
    for tensor in wanted.tensors {
      var own = try #require(found[tensor.name], "nothing of `\(tensor.name)`")
      if tensor.name.hasSuffix(".qkv") {
        own = try Self.alternating(own, channels: tensor.shape[1] / 3, of: tensor.name, modules)
      }
      // Angles of hundreds of radians, which the original rounds to single precision.
      let tolerance = tensor.name == "map_noise" ? 1e-4 : Self.tolerance
      #expect(Self.error(own, try tensor.doubles()) < tolerance, "\(tensor.name)")
    }
  }

  /// Queries, keys and values in the file's order, and the queries as they are there.
  private static func alternating(
    _ values: [Float], channels: Int, of name: String, _ modules: DiffusionModules
  ) throws -> [Float] {
    let heads = try modules.integer("num_heads", of: String(name.dropLast(4)), in: 1...channels)
    let (size, factor) = (values.count / (3 * channels), Float(channels / heads).squareRoot())
    return (0..<channels).flatMap { channel in
      (0..<3).flatMap { part in
        values[((part * channels + channel) * size)...].prefix(size).map { part == 0 ? factor * $0 : $0 }
      }
    }
  }
}
