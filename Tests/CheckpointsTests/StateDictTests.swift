import Foundation
import Testing

@testable import Checkpoints

@Suite struct StateDictTests {
  private func read(_ name: String) throws -> StateDict {
    try CheckpointReader.stateDict(of: Fixtures.open(name))
  }

  @Test func wrappersAreFoundAndTold() throws {
    #expect(try read("zip-protocol2.pt").location == "")
    for key in ["state_dict", "model_state_dict", "model", "net", "ema"] {
      let state = try read("zip-under-\(key).pt")
      #expect(state.location == key)
      #expect(
        state.otherEntries == [
          "epoch = 109", "best = 0.75", "arch = \"small\"", "optimizer = a dictionary of 1",
        ])
    }
    let list = try read("zip-list.pt")
    #expect(list.location == "state_dict[0]")
    #expect(list.notes.contains("tensors found under `state_dict[0]`"))
    #expect(list.unknownGlobals.isEmpty)
  }

  @Test func sharedPrefixesAreStripped() throws {
    let state = try read("zip-prefixes.pt")
    #expect(state.strippedPrefixes == ["module.", "_orig_mod."])
    #expect(state.notes == ["removed `module.`, then `_orig_mod.` from the names of all tensors"])
    let mixed = try read("zip-mixed-prefixes.pt")
    #expect(mixed.strippedPrefixes.isEmpty && mixed.names == ["a", "b"] && mixed.origins == ["module.a", "b"])
  }

  @Test func robustnessLibraryIsUnwrapped() throws {
    let state = try read("robustness.pt")
    #expect(state.names == ["conv1.weight", "linear.bias"])
    #expect(state.location == "model")
    #expect(state.strippedPrefixes == ["module.", "model."])
    #expect(
      state.normalisation
        == InputNormalisation(mean: [0.5, 0.75, 1], std: [0.125, 0.375, 0.625], clampsInput: true))
    #expect(
      state.notes.contains {
        $0.hasPrefix("robustness-library checkpoint: 4 duplicates under `attacker.` left out, normalisation")
      })
    #expect(try read("zip-protocol2.pt").normalisation == nil)
  }

  /// Same names, but the copy under `attacker.` was changed: the network's own values are used, and it is said.
  @Test func differingDuplicatesAreTold() throws {
    let tensors = [
      ("module.model.w", [1, 2]), ("module.attacker.model.w", [1, 3]), ("module.normalizer.new_mean", [0.5]),
      ("module.normalizer.new_std", [0.25]),
    ].map { TensorToWrite(name: $0.0, shape: [$0.1.count], floats: $0.1) }
    let state = try CheckpointReader.stateDict(of: CheckpointFile(name: "m", data: SafetensorsWriter.encode(tensors)))
    #expect(try state.tensor("w").floats() == [1, 2])
    #expect(state.notes.contains { $0.hasPrefix("1 tensors under `attacker.` differ") })
  }

  @Test func impossibleNormalisationIsRefused() throws {
    for std: Float in [0, -1, .nan, .infinity] {
      let tensors = [
        ("model.w", [1]), ("normalizer.new_mean", [0.5]), ("normalizer.new_std", [std]),
      ].map { TensorToWrite(name: $0.0, shape: [1], floats: $0.1) }
      #expect(throws: CheckpointError.self) {
        try CheckpointReader.stateDict(of: CheckpointFile(name: "m", data: SafetensorsWriter.encode(tensors)))
      }
    }
  }

  @Test func wholeNetworksAreReadWithoutTheirCode() throws {
    let state = try read("zip-module.pt")
    #expect(
      state.names == [
        "scale", "features.0.weight", "features.0.bias", "features.1.weight", "features.1.bias",
        "features.1.running_mean", "features.1.running_var", "features.1.num_batches_tracked", "head.weight",
      ])
    #expect(state.unknownGlobals.contains("__main__.Network"))
    #expect(state.notes.contains("a whole pickled network: its tensors were read, its code was not"))
    #expect(try read("legacy-module.pt").location == "net")
  }

  /// Python 2 wrote ordered dictionaries as a list of pairs, and a later value for a key replaces an earlier one.
  @Test func olderDictionariesAreRead() throws {
    let pairs = PickleAssembler().adding("ccollections\nOrderedDict\n(]](").string("w")
      .tensor(count: 16, shape: [2], strides: [1]).adding("eatR.")
    #expect(try CheckpointReader.stateDict(of: CheckpointFile(name: "m", data: pairs.zip())).names == ["w"])
    let twice = PickleAssembler().adding("}").string("w").adding("N").adding(.setItem).string("w")
      .tensor(count: 16, shape: [2], strides: [1]).adding(.setItem).adding(.stop)
    let state = try CheckpointReader.stateDict(of: CheckpointFile(name: "m", data: twice.zip()))
    #expect(state.names == ["w"] && state.otherEntries.isEmpty)
  }

  @Test(arguments: [
    ("refused-big-endian.pt", "was written in big-endian byte order, expected little"),
    ("refused-big-endian-legacy.pt", "was written in big-endian byte order, expected little"),
    ("refused-torchscript.pt", "is a TorchScript archive, which holds code; load it in Python with torch.jit.load"),
    ("refused-sparse.pt", "tensor `w` is rebuilt by torch._utils._rebuild_sparse_tensor"),
    ("refused-quantised.pt", "tensor `w` is rebuilt by torch._utils._rebuild_qtensor"),
    ("refused-complex.pt", "tensor `w` has dtype ComplexFloatStorage"),
    ("refused-float8.pt", "tensor `w` has dtype float8_e4m3fn, expected one of float64, float32"),
    ("refused-float8.safetensors", "tensor `w` has dtype F8_E4M3, expected one of float64, float32"),
    ("refused-no-tensors.pt", "no named tensors found: the file holds a dictionary with `epoch` = 3, `lr` = 0.1; save"),
  ])
  func refusalsSayWhy(_ name: String, _ words: String) throws {
    let message = try #require(Fixtures.failure(try Fixtures.bytes(name), name: name)).description
    #expect(message.hasPrefix("\(name): ") && message.contains(words), "\(message)")
  }
}
