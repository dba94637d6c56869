import Checkpoints
import Foundation
import JSON
import Tensor
import Testing
import _Fixtures

@testable import Networks

/// A snapshot of EDM2 that `Tests/Fixtures/diffusion/edm2.py` writes, against its float64 numbers.
@Suite struct EDM2Tests {
  private struct Golden: Decodable {
    let imageShape: [Int]
    let pixels: [Double]
    /// In [-1, 1] units.
    let sigmas: [Double]
    let classes: [Int]
    let denoised: [Double]
    let unlabelled: [Double]
  }

  private static let folder = ModelFixtures.packageRoot.appendingPathComponent("Tests/Fixtures/diffusion")

  private static func file() throws -> CheckpointFile {
    try CheckpointFile.open(folder.appendingPathComponent("edm2.pkl").path)
  }

  private static let golden = Result {
    try JSONDecoding.decode(
      Golden.self, from: Data(contentsOf: folder.appendingPathComponent("edm2.json")), source: "edm2.json")
  }

  private static func images() throws -> Tensor {
    let golden = try golden.get()
    return Tensor(
      shape: Shape(golden.imageShape).prepending(golden.sigmas.count), scalars: golden.pixels.map { Float($0) })
  }

  @Test(.everyEngine) func theDefinition() throws {
    let golden = try Self.golden.get()
    let model = try DiffusionModel(edm: Self.file(), nil, threads: 1)
    let images = try Self.images()
    #expect(model.imageShape == images.shape.droppingFirst && model.classes == 4 && !model.knowsAllImages)
    #expect(model.learned.name == "UNet, EDM2")
    for (image, sigma) in golden.sigmas.enumerated() {
      let pixels = images[batch: image..<image + 1]
      for (labels, all) in [([golden.classes[image]], golden.denoised), (nil, golden.unlabelled)] {
        let wanted = all[image * images.stride..<(image + 1) * images.stride]
        let largest = wanted.reduce(0) { max($0, abs($1)) }
        let own = try model.denoised(pixels, classes: labels, noise: sigma / 2)
        for (one, other) in zip(own.scalars, wanted) { #expect(abs(Double(one) - other) < 2e-5 * largest) }
      }
    }
  }

  @Test func bytesDependOnTheImageAlone() throws {
    let images = try Tensor.concatenating([Self.images(), Self.images(), Self.images()])
    let labels = [0, 1, 2, 3, 3, 2, 1, 0, 2]
    let all = try DiffusionModel(edm: Self.file(), nil, threads: 1).score(at: images, classes: labels, noise: 0.25)
    let model = try DiffusionModel(edm: Self.file(), nil, threads: 3)
    #expect(try model.score(at: images, classes: labels, noise: 0.25).scalars == all.scalars)
    let alone = try model.score(at: images[batch: 4..<5], classes: [3], noise: 0.25)
    #expect(alone.scalars == Array(all.item(4)))
  }

  /// How the file is refused with texts in it replaced by others of the same length.
  private static func message(_ text: String, _ other: String) throws -> String {
    precondition(text.utf8.count == other.utf8.count, "lengths stand before texts")
    // A copy: the file's own bytes are mapped and not to be written.
    var data = Data([UInt8](try file().data))
    var start = data.startIndex
    while let range = data.range(of: Data(text.utf8), in: start..<data.endIndex) {
      data.replaceSubrange(range, with: Data(other.utf8))
      start = range.upperBound
    }
    do {
      _ = try DiffusionModel(edm: CheckpointFile(name: "a.pkl", data: data), nil, threads: 1)
      return ""
    } catch { return "\(error)" }
  }

  @Test func contradictionsAreRefused() throws {
    #expect(try Self.message("Block", "Blick").contains("class `Blick`, expected Block"))
    #expect(try Self.message("flavor", "flavur").contains("does not say its `flavor`"))
    #expect(try Self.message("keep", "kept").contains("`resample_mode`"))
    #expect(try Self.message("emb_gain", "emb_gone").contains("`enc.8x8_block0.emb_gain`"))
    #expect(try Self.message("concat_balance", "konkat_balance").contains("does not say its `concat_balance`"))
    #expect(try Self.message("attn_qkv", "attn_kvq").contains("attn_qkv"))
    #expect(try Self.message("MPConv", "MPConf").contains("class `MPConf`"))
    // Blocks in another order: the channels do not fit.
    #expect(try Self.message("4x4_block1", "4x4_plock1").contains("dec.4x4_plock1"))
  }

  @Test func aStateDictDoesNotTell() throws {
    let state = try CheckpointReader.stateDict(of: Self.file())
    let tensors = try state.tensors.map { TensorToWrite(name: $0.name, shape: $0.shape, floats: try $0.floats()) }
    let file = try ModelFixtures.write(tensors)
    #expect {
      try DiffusionModel(edm: file, nil, threads: 1)
    } throws: { "\($0)".contains("EDM2's sums") && "\($0)".contains("name the snapshot") }
  }
}
