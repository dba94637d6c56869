import Testing

@testable import Checkpoints

/// What wrappers add to names, and what is saved with a network without being part of it.
@Suite struct NetworkNamesTests {
  private static let network = [
    "conv1.weight", "bn1.weight", "layer1.0.conv1.weight", "layer1.0.bn1.weight", "layer1.1.conv1.weight",
    "layer2.0.conv1.weight", "layer2.0.shortcut.0.weight", "fc.weight", "fc.bias", "layer2.1.conv1.weight",
  ]

  private func read(_ tensors: [(name: String, values: [Float])]) throws -> StateDict {
    let written = tensors.map { TensorToWrite(name: $0.name, shape: [$0.values.count], floats: $0.values) }
    return try CheckpointReader.stateDict(of: CheckpointFile(name: "m", data: SafetensorsWriter.encode(written)))
  }

  private func read(_ change: (String) -> String, with others: [(name: String, values: [Float])] = []) throws
    -> StateDict
  {
    try read(Self.network.map { (change($0), [1, 2, 3, 4, 5]) } + others)
  }

  @Test(arguments: [
    "1.", "1.module.", "features.module.", "_module.", "_fsdp_wrapped_module.", "backbone.", "network.", "module.",
    "resnet.", "model.net._orig_mod.",
  ]) func sharedPrefixesAreRemovedAndTold(prefix: String) throws {
    let state = try read({ prefix + $0 })
    #expect(state.names.sorted() == Self.network.sorted())
    #expect(state.notes.contains { $0.hasPrefix("removed `") }, "\(state.notes)")
    #expect(Set(state.origins) == Set(Self.network.map { prefix + $0 }))
  }

  @Test(arguments: ["_orig_mod", "module", "_module", "_fsdp_wrapped_module"])
  func wrappersInsideNamesAreRemoved(wrapper: String) throws {
    let state = try read { $0.replacing("layer1.0.", with: "layer1.0.\(wrapper).") }
    #expect(state.names.sorted() == Self.network.sorted())
    #expect(state.notes.contains { $0.hasPrefix("removed `\(wrapper).` from 2 names") }, "\(state.notes)")
  }

  /// Where two tensors would have the same name, the wrapper's name means something.
  @Test func namesStayDifferent() throws {
    #expect(try read([("a.module.w", [1]), ("a.w", [2])]).names.sorted() == ["a.module.w", "a.w"])
  }

  @Test func aNetworkOfOneLayerKeepsItsName() throws {
    #expect(try read([("fc.weight", [1]), ("fc.bias", [2])]).names.sorted() == ["fc.bias", "fc.weight"])
  }

  @Test func averagedModelsAreRead() throws {
    let state = try read({ "module." + $0 }, with: [("n_averaged", [7])])
    #expect(state.names.sorted() == Self.network.sorted())
    #expect(state.notes.contains { $0.contains("AveragedModel") })
  }

  @Test func lossesAreLeftOutAndOthersStay() throws {
    let loss = try read({ "model." + $0 }, with: [("criterion.weight", [1, 2])])
    #expect(loss.names.sorted() == Self.network.sorted() && loss.strippedPrefixes == ["model."])
    #expect(loss.notes.contains { $0.contains("`criterion.weight`") })
    let other = try read({ "model." + $0 }, with: [("temperature", [1])])
    #expect(other.names.sorted() == (Self.network + ["temperature"]).sorted())
    #expect(other.notes.contains { $0.contains("removed `model.` from 10 of 11 names; without it are `temperature`") })
  }

  @Test(arguments: [
    ("mean", "std", ""), ("mu", "sigma", ""), ("normalize.mean", "normalize.std", "model."), ("0.mean", "0.std", "1."),
    ("model.image_mean", "model.image_std", "model."), ("_mean", "_std", "net."), ("mean", "sigma", "module."),
    ("pixel_mean", "pixel_std", "backbone."),
  ]) func normalisationIsFoundAndTold(mean: String, std: String, prefix: String) throws {
    let state = try read({ prefix + $0 }, with: [(mean, [0.5, 0.4, 0.3]), (std, [0.25, 0.125, 0.5])])
    #expect(state.names.sorted() == Self.network.sorted())
    #expect(
      state.normalisation
        == InputNormalisation(mean: [0.5, 0.4, 0.3], std: [0.25, 0.125, 0.5], clampsInput: false))
    #expect(state.notes.contains { $0.hasPrefix("normalisation mean [0.5, 0.4, 0.3]") }, "\(state.notes)")
  }

  /// Statistics inside a network, and two that differ, are nobody's normalisation of pixels.
  @Test func otherMeansStay() throws {
    let inside = try read({ $0 }, with: [("bn1.mean", [0.5]), ("bn1.std", [1])])
    #expect(inside.normalisation == nil && inside.names.contains("bn1.mean"))
    let two = try read({ $0 }, with: [("a.mean", [0.5]), ("a.std", [1]), ("b.mean", [0.25]), ("b.std", [1])])
    #expect(two.normalisation == nil && two.names.contains("a.mean"))
    let wide = try read({ $0 }, with: [("mean", [1, 2, 3, 4, 5]), ("std", [1, 2, 3, 4, 5])])
    #expect(wide.normalisation == nil)
    let weights = try read({ $0 }, with: [("weight_mu", [1]), ("weight_sigma", [1]), ("running_mean", [0])])
    #expect(weights.normalisation == nil)
  }

  @Test func impossibleDeviationsAreRefused() throws {
    #expect(throws: CheckpointError.self) { try read({ $0 }, with: [("mean", [0.5]), ("std", [0])]) }
  }
}
