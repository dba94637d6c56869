import Checkpoints
import Foundation
import JSON
import Testing

/// What is wrong with a checkpoint, or read of it, as a user of the program sees it.
@Suite struct ReadingTests {
  private static func tensor(_ name: String, _ shape: [Int], _ value: Float = 0.5) -> TensorToWrite {
    TensorToWrite(name: name, shape: shape, floats: [Float](repeating: value, count: shape.reduce(1, *)))
  }

  /// The list that one command proposes is refused by the next one until its blanks are filled, and then computes.
  @Test func aProposedListIsCompletedStepByStep() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let checkpoint = binary.path("numbered.pt")
    try PyTorchZipWriter.write(
      [
        Self.tensor("0.weight", [4, 1, 3, 3]), Self.tensor("0.bias", [4]), Self.tensor("3.weight", [5, 4 * 16]),
        Self.tensor("3.bias", [5]),
      ], to: checkpoint)
    let check = ["plugins", "check", checkpoint, "--shape", "1,4,4", "--mean", "0", "--std", "1", "--quiet"]
    let proposal = try binary.start(check).wait()
    #expect(proposal.status == 1, "\(proposal.output)")
    #expect(
      proposal.errors.contains(
        """
          "architecture": [
            {"type":"Conv2d","name":"0","stride":"? 1","padding":"? 1"},
            {"type":"? ReLU"},
            {"type":"Flatten"},
            {"type":"Linear","name":"3"}
          ]
        """), "\(proposal.errors)")

    func write(stride: String, padding: String, activation: String) throws {
      try """
      {"id": "numbered", "name": "Numbered", "architecture": [
        {"type": "Conv2d", "name": "0", "stride": \(stride), "padding": \(padding)}, {"type": "\(activation)"},
        {"type": "Flatten"}, {"type": "Linear", "name": "3"}]}
      """.write(toFile: binary.path("model.json"), atomically: true, encoding: .utf8)
    }
    try write(stride: "\"? 1\"", padding: "1", activation: "? ReLU")
    let left = try binary.start(check).wait()
    #expect(
      left.status == 1
        && left.errors.contains(
          "numbered.pt: its layer list has 2 blanks to be filled, which no tensor tells: $.architecture[0].stride (tried: 1), "
            + "$.architecture[1].type (tried: ReLU); put what the network's code says in the place of each `?` and what follows"
        ),
      "\(left.errors)")
    try write(stride: "1", padding: "1", activation: "ReLU")
    let complete = try binary.start(check).wait()
    #expect(!complete.errors.contains("blank") && complete.output.contains("layers"), "\(complete.errors)")
  }

  /// A network of numbered layers and its averages in one dictionary.
  @Test(arguments: ["pt", "safetensors"]) func averagesBesideTheNetworkAreTakenAndRecorded(_ kind: String) throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, description) = try SmallModel.write(to: binary)
    let tensors = try CheckpointReader.stateDict(of: CheckpointFile.open(checkpoint)).tensors
    let both = try ["model", "ema_model.module"].flatMap { prefix in
      try tensors.map { TensorToWrite(name: "\(prefix).\($0.name)", shape: $0.shape, floats: try $0.floats()) }
    }
    try FileManager.default.removeItem(atPath: checkpoint)
    // The description names the file, whose content says what it is.
    if kind == "pt" {
      try PyTorchZipWriter.write(both, to: checkpoint)
    } else {
      try SafetensorsWriter.encode(both).write(to: URL(fileURLWithPath: checkpoint))
    }
    for (arguments, weights) in [([], "ema_model"), (["--weights", "model"], "model")] {
      let outcome = try binary.start(
        ["evaluate", checkpoint, "--model", description, "--images", "4", "--json", "--no-leaderboard", "--quiet"]
          + arguments
      ).wait()
      #expect(outcome.status == 0, "\(outcome.errors)")
      let result = try JSONDecoding.parse(Data(outcome.output.utf8), source: "result")
      #expect(result["model"]?["weights"]?.stringValue == weights)
    }
  }

  @Test func aFolderOfADistributedCheckpointIsNamed() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let folder = binary.folder.appendingPathComponent("dcp")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for name in [".metadata", "__0_0.distcp"] { _ = try binary.write(Data([0x80, 2, 0x7d, 0x2e]), "dcp/\(name)") }
    let outcome = try binary.run("evaluate", folder.path)
    #expect(
      outcome.status == 1
        && outcome.errors.hasSuffix(
          "dcp: is a checkpoint folder of torch.distributed.checkpoint; join its folder with "
            + "torch.distributed.checkpoint.format_utils.dcp_to_torch_save(FOLDER, FILE), which is read\n"),
      "\(outcome.errors)")
  }

  /// The size is said, recorded, and as good from the command line as from the description.
  @Test func imagesAreResized() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, description) = try SmallModel.write(to: binary)
    let arguments = ["evaluate", checkpoint, "--images", "4", "--json", "--no-leaderboard", "--quiet", "--resize"]
    let outcome = try binary.start(arguments + ["20", "40"]).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    let result = try JSONDecoding.parse(Data(outcome.output.utf8), source: "result")
    #expect(result["model"]?["preprocessing"]?["resize"] == .array([.integer(20), .integer(40)]))
    // Its last layer wants what images of 20 x 40 leave.
    let wrong = try binary.start(arguments + ["24"]).wait()
    #expect(wrong.status == 1 && wrong.errors.contains("correct the layer list"), "\(wrong.errors)")
    let text = try String(contentsOfFile: description, encoding: .utf8)
    try text.replacing("\"std\": [1.0]", with: "\"std\": [1.0], \"resize\": [20]").write(
      toFile: description, atomically: true, encoding: .utf8)
    let short = try binary.run("evaluate", checkpoint, "--images", "4", "--no-leaderboard")
    #expect(
      short.status == 1 && short.errors.contains("resize is [20], expected [height, width], each from 1 to 4096"),
      "\(short.errors)")
  }
}
