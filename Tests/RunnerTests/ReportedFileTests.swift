import Checkpoints
import Foundation
import Testing

/// Files as people report them, given to the program in each way that a network comes in: recognised or described by a layer
/// list, from PyTorch or from safetensors.
@Suite struct ReportedFileTests {
  /// How the network comes in.
  enum WayIn: String, CaseIterable, Sendable { case recognised, recognisedSafetensors, layerList, layerListSafetensors }

  private typealias Tensors = [TensorToWrite]

  private static func tensor(_ name: String, _ values: [Float]) -> TensorToWrite {
    TensorToWrite(name: name, shape: [values.count], floats: values)
  }

  private static func renamed(_ tensors: Tensors, _ name: (String) -> String) -> Tensors {
    tensors.map { TensorToWrite(name: name($0.name), dtype: $0.dtype, shape: $0.shape, data: $0.data) }
  }

  /// A network of the way's own in a file that `change` has made of it, run on two images.
  /// - Returns: the exit status and everything that was said.
  private func run(
    _ way: WayIn, arguments: [String] = [], network: String = "resnet18", image: [Int] = [3, 12, 12],
    test: String = #function, _ change: (Tensors) throws -> Tensors = { $0 }
  ) throws -> (status: Int32, said: String) {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let isList = way == .layerList || way == .layerListSafetensors
    let isSafetensors = way == .recognisedSafetensors || way == .layerListSafetensors
    let source: String
    if isList {
      let (checkpoint, description) = try SmallModel.write(to: binary)
      source = checkpoint
      // Its normalisation is left to the file, and it has a batch normalisation as the other has.
      let text = try String(contentsOfFile: description, encoding: .utf8)
        .replacing(",\n  \"preprocessing\": {\"mean\": [0.0], \"std\": [1.0]}", with: "")
        .replacing(#"{"type": "ReLU"}"#, with: #"{"type": "BatchNorm2d", "name": "bn"}, {"type": "ReLU"}"#)
      try text.write(toFile: description, atomically: true, encoding: .utf8)
    } else {
      source = RealBinary.package.appendingPathComponent("Tests/Fixtures/models/\(network).pt").path
    }
    let stored = try CheckpointReader.stateDict(of: CheckpointFile.open(source)).tensors
    var own = try stored.filter { !$0.name.hasSuffix("num_batches_tracked") }.map {
      TensorToWrite(name: $0.name, shape: $0.shape, floats: try $0.floats())
    }
    if isList {
      own += [
        Self.tensor("bn.weight", [1, 1, 1, 1]), Self.tensor("bn.bias", [0, 0, 0, 0]),
        Self.tensor("bn.running_mean", [0.1, 0.2, 0.1, 0.2]), Self.tensor("bn.running_var", [1.1, 1.2, 1.1, 1.2]),
      ]
    }
    let checkpoint = binary.path(isList ? "small.pt" : "model.pt")
    try? FileManager.default.removeItem(atPath: checkpoint)
    let changed = try change(own)
    // What a file is its content says, not its name.
    if isSafetensors {
      try SafetensorsWriter.encode(changed).write(to: URL(fileURLWithPath: checkpoint))
    } else {
      try PyTorchZipWriter.write(changed, to: checkpoint)
    }
    let (status, said) = try binary.runNetwork(checkpoint, image: isList ? [1, 20, 40] : image, arguments)
    let name = ([String(test.prefix { $0 != "(" }), way.rawValue] + arguments).joined(separator: "-")
    Snapshot.expect(said.replacing(binary.folder.path, with: "FOLDER"), "reported/\(name)")
    return (status, said)
  }

  @Test("normalisation in the file is used and said", arguments: WayIn.allCases)
  func normalisation(_ way: WayIn) throws {
    let (status, said) = try run(way) { $0 + [Self.tensor("mu", [0.5]), Self.tensor("sigma", [0.25])] }
    #expect(status == 0 && said.contains("normalisation mean [0.5] std [0.25] taken from"), "\(said)")
    #expect(!said.contains("nothing says how pixels are normalised"), "\(said)")
  }

  @Test("wrappers' prefixes and the count of averages are removed and said", arguments: WayIn.allCases)
  func prefixes(_ way: WayIn) throws {
    let (status, said) = try run(way) {
      Self.renamed($0) { "1.module.\($0)" } + [Self.tensor("n_averaged", [7])]
    }
    #expect(status == 0 && said.contains("removed `1.`") && said.contains("as `n_averaged` says"), "\(said)")
  }

  @Test("of a network and its averages the averages are taken, both are named", arguments: WayIn.allCases)
  func averages(_ way: WayIn) throws {
    for (arguments, words) in [
      ([], "the averaged weights `model_ema` are taken"), (["--weights", "model"], "taken as asked: `model`"),
    ] {
      let (status, said) = try run(way, arguments: arguments) {
        Self.renamed($0) { "model.\($0)" } + Self.renamed($0) { "model_ema.module.\($0)" }
      }
      #expect(status == 0 && said.contains(words), "\(said)")
    }
  }

  @Test("statistics as before training are said", arguments: WayIn.allCases)
  func untrainedStatistics(_ way: WayIn) throws {
    let (status, said) = try run(way) { tensors in
      tensors.map { tensor in
        guard tensor.name.hasSuffix("running_mean") || tensor.name.hasSuffix("running_var") else { return tensor }
        let start: Float = tensor.name.hasSuffix("running_mean") ? 0 : 1
        return TensorToWrite(
          name: tensor.name, shape: tensor.shape, floats: [Float](repeating: start, count: tensor.shape.reduce(1, *)))
      }
    }
    #expect(status == 0 && said.contains("batch statistics were never computed"), "\(said)")
  }

  @Test("means of 0 to 255 are refused with those that are meant", arguments: WayIn.allCases)
  func numbersOf255(_ way: WayIn) throws {
    let (status, said) = try run(way) { $0 + [Self.tensor("mean", [127.5]), Self.tensor("std", [51])] }
    #expect(status == 1 && said.contains("divided by 255 they are mean 0.5") && said.contains("std 0.2"), "\(said)")
    let typed = try run(way, arguments: ["--mean", "127.5", "--std", "51"])
    #expect(typed.status != 0 && typed.said.contains("divided by 255 they are mean 0.5"), "\(typed.said)")
  }

  @Test("weights that are computed of others are named with the call that writes them out", arguments: WayIn.allCases)
  func parametrised(_ way: WayIn) throws {
    let last = way == .layerList || way == .layerListSafetensors ? "fc" : "linear"
    let (status, said) = try run(way) { tensors in
      tensors.filter { $0.name != "\(last).weight" }
        + [Self.tensor("\(last).weight_orig", [1]), Self.tensor("\(last).weight_mask", [1])]
    }
    #expect(
      status == 1 && said.contains("pruning") && said.contains("torch.nn.utils.prune.remove(module, \"weight\")"),
      "\(said)")
  }

  @Test("a stem for large images is remarked on small ones", arguments: [WayIn.recognised, .recognisedSafetensors])
  func stem(_ way: WayIn) throws {
    let (status, said) = try run(way, network: "resnet18-imagenet", image: [3, 32, 32])
    #expect(status == 0 && said.contains("the network begins as for ImageNet"), "\(said)")
  }

  @Test(
    "files of others are named with the ways out",
    arguments: [
      ([0x93] + Array("NUMPY\u{1}".utf8), "NumPy array (.npy)"),
      ([0x89, 0x48, 0x44, 0x46, 0x0d], "export the network to ONNX"),
      (Array("<?xml version='1.0'?><Error/>".utf8), "perhaps a server's error"),
    ] as [([UInt8], String)])
  func foreign(_ bytes: [UInt8], _ words: String) throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let outcome = try binary.run("evaluate", binary.write(Data(bytes), "model.pt"), "--images", "4")
    #expect(outcome.status == 1 && outcome.errors.contains(words), "\(outcome.errors)")
  }

  @Test("a deviation of zero is refused with its cause", arguments: WayIn.allCases)
  func zeroDeviation(_ way: WayIn) throws {
    let (status, said) = try run(way, arguments: ["--mean", "0.5", "--std", "0"])
    #expect(status == 64 && said.contains("pixels are divided by these numbers"), "\(said)")
    let own = try run(way) { $0 + [Self.tensor("mean", [0.5]), Self.tensor("std", [0])] }
    #expect(own.status == 1 && own.said.contains("positive deviations"), "\(own.said)")
  }

  @Test("of several networks in one file the first is taken and all are named")
  func cascade() throws {
    for (arguments, status, words) in [
      ([], 0, "holds 3 state dicts (`[0]`, `[1]`, `[2]`)"), (["--member", "2"], 0, "taken as asked: `[2]`"),
      (["--member", "3"], 1, "--member 3: there is no such state dict"),
    ] as [([String], Int32, String)] {
      let binary = try RealBinary()
      defer { binary.removeFolder() }
      let (checkpoint, _) = try SmallModel.write(to: binary)
      try FileManager.default.removeItem(atPath: checkpoint)
      try FileManager.default.copyItem(
        at: RealBinary.package.appendingPathComponent("Tests/Fixtures/checkpoints/zip-cascade.pt"),
        to: URL(fileURLWithPath: checkpoint))
      let outcome = try binary.runNetwork(checkpoint, image: [1, 20, 40], arguments)
      #expect(outcome.status == status && outcome.said.contains(words), "\(outcome.said)")
    }
  }

  @Test("a claim that is missed names the usual causes")
  func missedClaim() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, description) = try SmallModel.write(to: binary)
    let text = try String(contentsOfFile: description, encoding: .utf8)
      .replacing("\"std\": [1.0]}", with: "\"std\": [1.0]},\n  \"claims\": {\"accuracy\": 0.9}")
    try text.write(toFile: description, atomically: true, encoding: .utf8)
    let outcome = try binary.run("evaluate", checkpoint, "--images", "40", "--no-leaderboard")
    let said = outcome.errors.split { $0.isWhitespace }.joined(separator: " ")
    #expect(outcome.status == 1, "\(said)")
    for cause in ["another normalisation", "another test set", "weights"] {
      #expect(said.contains(cause), "\(said)")
    }
  }

  @Test("a gradient that is zero and a saturated softmax are told from an untrained network")
  func gradients() throws {
    for (name, factor, words) in [
      ("conv.weight", Float(0), "Its input gradient is zero at every pixel"),
      ("fc.weight", 1000, "have a probability of exactly 1 in float32: the softmax is saturated"),
    ] {
      let binary = try RealBinary()
      defer { binary.removeFolder() }
      let (checkpoint, _) = try SmallModel.write(to: binary)
      let tensors = try CheckpointReader.stateDict(of: CheckpointFile.open(checkpoint)).tensors.map { tensor in
        let scale = tensor.name == name ? factor : 1
        return TensorToWrite(name: tensor.name, shape: tensor.shape, floats: try tensor.floats().map { $0 * scale })
      }
      try FileManager.default.removeItem(atPath: checkpoint)
      try PyTorchZipWriter.write(tensors, to: checkpoint)
      let outcome = try binary.run("evaluate", checkpoint, "--images", "4", "--no-leaderboard")
      // The summary breaks its lines.
      let said = outcome.output.split { $0.isWhitespace }.joined(separator: " ")
      #expect(outcome.status == 0 && said.contains(words), "\(outcome)")
    }
  }
}
