import Checkpoints
import Foundation
import Tensor
import Testing
import _Fixtures

@testable import Networks

/// Snapshots that tests write themselves, against the networks' definition.
@Suite struct EDMNetworkTests {
  private static func images(_ count: Int, _ shape: Shape = [3, 8, 8]) -> Tensor {
    let random = RandomStream(seed: 5, name: "images")
    return Tensor(
      shape: shape.prepending(count),
      scalars: (0..<count).flatMap { random.normals(item: $0, count: shape.count).map { Float(0.5 + 0.2 * $0) } })
  }

  private static let fixtures = [
    EDMFixture(.ddpmpp), EDMFixture(.ddpmpp, classes: 4), EDMFixture(.ddpmpp, preconditioner: "VPPrecond", channels: 1),
    EDMFixture(.ncsnpp), EDMFixture(.ncsnpp, preconditioner: "VEPrecond"), EDMFixture(.ncsnppSkip),
    EDMFixture(.adm, classes: 3), EDMFixture(.adm, preconditioner: "iDDPMPrecond", classes: 3, resolution: 12),
  ]

  @Test(.everyEngine, arguments: fixtures.indices) func theDefinition(index: Int) throws {
    let fixture = Self.fixtures[index]
    let network = try DiffusionModel(edm: fixture.snapshot(), nil, threads: 1)
    let shape = network.imageShape
    #expect(shape == [fixture.channels, fixture.resolution, fixture.resolution])
    #expect(network.classes == (fixture.classes > 0 ? fixture.classes : nil))
    let reference = EDMReference(network: fixture.network)
    for (number, sigma) in [0.1, 0.5, 2.5].enumerated() {
      let image = Self.images(3, shape)[batch: number..<number + 1]
      let label = fixture.classes > 0 ? number : nil
      let wanted = reference.denoised(image.scalars, sigma: sigma, label: label)
      let got = try network.denoised(image, classes: label.map { [$0] }, noise: sigma / 2)
      let largest = wanted.reduce(0) { max($0, abs($1)) }
      for (one, other) in zip(got.scalars, wanted) { #expect(abs(Double(one) - other) < 2e-5 * largest) }
      // The score in pixel units: 2 (D - x) / sigma^2.
      let score = try network.score(at: image, classes: label.map { [$0] }, noise: sigma / 2)
      let wantedScore = zip(wanted, image.scalars).map { 2 * ($0 - (2 * Double($1) - 1)) / (sigma * sigma) }
      let largestScore = wantedScore.reduce(0) { max($0, abs($1)) }
      for (one, other) in zip(score.scalars, wantedScore) { #expect(abs(Double(one) - other) < 2e-5 * largestScore) }
    }
  }

  @Test(.everyEngine) func bytesDependOnTheImageAlone() throws {
    for fixture in [EDMFixture(.ddpmpp, classes: 4), EDMFixture(.adm, classes: 4), EDMFixture(.ncsnpp)] {
      let images = Self.images(37)
      let labels = fixture.classes > 0 ? (0..<37).map { $0 * 3 % 4 } : nil
      let network = try DiffusionModel(edm: fixture.snapshot(), nil, threads: 1)
      let all = try network.score(at: images, classes: labels, noise: 0.25)
      let others = try DiffusionModel(edm: fixture.snapshot(), nil, threads: 3).score(
        at: images, classes: labels, noise: 0.25)
      #expect(all.scalars.map(\.bitPattern) == others.scalars.map(\.bitPattern))
      for image in [0, 17, 36] {
        let alone = try network.score(
          at: images[batch: image..<image + 1], classes: labels.map { [$0[image]] }, noise: 0.25)
        #expect(alone.scalars.map(\.bitPattern) == all.item(image).map(\.bitPattern))
      }
    }
  }

  @Test func aStateDictIsTheSnapshot() throws {
    let images = Self.images(2)
    for (fixture, told) in [
      (EDMFixture(.ddpmpp), nil), (EDMFixture(.ncsnpp), nil), (EDMFixture(.ncsnppSkip), nil),
      (EDMFixture(.ddpmpp, classes: 4), nil), (EDMFixture(.adm, classes: 3), "{\"headChannels\": 8}"),
      (EDMFixture(.ncsnpp, preconditioner: "VEPrecond"), "{\"preconditioning\": \"VEPrecond\"}"),
    ] {
      let one = try DiffusionModel(edm: fixture.snapshot(), nil, threads: 1)
      let description = try told.map { try EDMFixture.description($0) }
      let other = try DiffusionModel(edm: fixture.stateDict(), description, threads: 1)
      let labels = fixture.classes > 0 ? [1, 2] : nil
      let (first, second) = (
        try one.score(at: images, classes: labels, noise: 0.4), try other.score(at: images, classes: labels, noise: 0.4)
      )
      #expect(first.scalars.map(\.bitPattern) == second.scalars.map(\.bitPattern))
      #expect(one.learned.parameters == other.learned.parameters)
      #expect(other.learned.name.contains("state dict") || description != nil)
    }
  }

  // MARK: - Refusals

  private func message(
    _ fixture: EDMFixture = EDMFixture(), _ change: (inout EDMFixture.Module) -> Void = { _ in }
  ) -> String {
    do {
      _ = try DiffusionModel(edm: fixture.snapshot(change), nil, threads: 1)
      return ""
    } catch { return "\(error)" }
  }

  /// What contradicts itself is said in the file's words.
  @Test func contradictionsAreRefused() {
    #expect(message() == "")
    func block(_ change: (inout EDMFixture.Module) -> Void) -> String {
      message { network in
        var enc = network["model"]["enc"]
        var block = enc["4x4_block0"]
        change(&block)
        enc["4x4_block0"] = block
        network["model"]["enc"] = enc
      }
    }
    #expect(block { $0.set("num_heads", .integer(3)) }.contains("`num_heads` of module `enc.4x4_block0` is 3"))
    #expect(block { $0.set("num_heads", .number(0.5)) }.contains("a whole number"))
    #expect(block { $0.set("num_heads", .none) }.contains("does not say its `num_heads`"))
    #expect(block { $0.set("skip_scale", .number(.nan)) }.contains("`skip_scale`"))
    #expect(block { $0.set("in_channels", .integer(1 << 40)) }.contains("`in_channels`"))
    #expect(block { $0.set("in_channels", .integer(12)) }.contains("[8]"))
    #expect(block { $0.set("adaptive_scale", .flag(true)) }.contains("affine"))
    #expect(block { $0["norm1"].set("num_groups", .integer(3)) }.contains("a divisor"))
    #expect(block { $0["norm1"].set("eps", .number(0)) }.contains("`eps`"))
    #expect(block { $0["conv0"].set("up", .flag(true)) }.contains("resample_filter"))
    #expect(block { $0["conv0"].parameters.removeAll { $0.name == "weight" } }.contains("conv0"))
    #expect(block { $0["qkv"].className = "Attention" }.contains("class `Attention`"))
    #expect(
      message { network in
        network["model"]["map_layer0"].parameters[0].tensor = Tensor(shape: [32, 8], repeating: .nan)
      }.contains("NaN"))
    #expect(message { $0.set("label_dim", .integer(10)) }.contains("map_label"))
    #expect(message { $0.set("img_resolution", .integer(7)) } != "")
    #expect(message { $0.set("img_channels", .integer(4)) }.contains("channels"))
    #expect(message { $0.set("sigma_data", .number(0)) }.contains("`sigma_data`"))
    #expect(message { $0["model"].className = "EDM2UNet" }.contains("`EDM2UNet`"))
    #expect(message { network in network["model"]["dec"].children.removeLast() }.contains("0 channels"))
    #expect(message { network in network["model"]["enc"].children.removeFirst() } != "")
  }

  @Test func otherNetworksAreNamed() throws {
    #expect(message { $0.className = "Generator" }.contains("`Generator`, expected EDMPrecond"))
    func refusal(_ file: CheckpointFile) -> String {
      #expect(throws: (any Error).self) { try DiffusionModel(edm: file, nil, threads: 1) }.map { "\($0)" } ?? ""
    }
    // StyleGAN's files hold three networks, of the same library.
    var pickle = SnapshotPickle()
    pickle.dictionary { writer in
      for name in ["G", "D", "G_ema"] { writer.entry(name) { $0.module(EDMFixture().network) } }
    }
    pickle.byte(".")
    let several = refusal(CheckpointFile(name: "stylegan.pkl", data: pickle.data))
    #expect(several.contains("`G`") && several.contains("`G_ema`"), "\(several)")
    #expect(refusal(try ModelFixtures.checkpoint("lenet")).contains("SongUNet or DhariwalUNet"))
    let baseline = try EDMFixture(.ddpmpp).stateDict(name: "baseline-cifar10-32x32-uncond-vp.safetensors")
    #expect(refusal(baseline).contains("VPPrecond"))
  }

  @Test func questionsItCannotAnswer() throws {
    let network = try DiffusionModel(edm: EDMFixture(.ddpmpp, classes: 4).snapshot(), nil, threads: 1)
    #expect(!network.knowsAllImages)
    let images = Self.images(1)
    for noise in [0, -1, .nan, .infinity, 1e-200, 1e200] {
      #expect(throws: DiffusionError.self, "\(noise)") { try network.score(at: images, classes: [1], noise: noise) }
    }
    #expect(throws: DiffusionError.self) { try network.score(at: images, classes: [4], noise: 0.5) }
    #expect(throws: (any Error).self) { try network.score(at: Self.images(1, [3, 16, 16]), classes: [1], noise: 0.5) }
    let plain = try DiffusionModel(edm: EDMFixture(.ddpmpp).snapshot(), nil, threads: 1)
    #expect(plain.knowsAllImages)
    #expect(throws: DiffusionError.self) { try plain.score(at: images, classes: [0], noise: 0.5) }
    #expect(throws: ReferenceError.self) {
      try plain.score(at: Tensor(shape: [1, 3, 8, 8], repeating: .infinity), noise: 0.5)
    }
    var dropping = EDMFixture(.ddpmpp, classes: 4)
    dropping.labelDropout = 0.1
    #expect(try DiffusionModel(edm: dropping.snapshot(), nil, threads: 1).knowsAllImages)
  }
}
