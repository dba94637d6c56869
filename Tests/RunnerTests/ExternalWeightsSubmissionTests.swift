import Checkpoints
import Foundation
import JSON
import ONNXSchema
import SwiftProtobuf
import Testing
import _Fixtures

/// A submission whose ONNX model has its weights in files beside it: they travel, enter the digest, and are checked again.
@Suite struct ExternalWeightsSubmissionTests {
  private static let classes = 10
  private static let pixels = 28 * 28

  /// A linear network of MNIST's images in a folder of its own, with its matrix and its bias in two files.
  private static func write(
    _ folder: String, matrix: String = "weights/one.bin", bias: String = "two.data", to binary: RealBinary
  )
    throws -> String
  {
    let url = binary.folder.appendingPathComponent(folder)
    func external(_ name: String, _ location: String, _ dims: [Int], seed: Int) throws -> ProtoTensor {
      let count = dims.reduce(1, *)
      let numbers = (0..<count).map { Float(($0 &* 7919 &+ seed) % 101) / 1010 - 0.05 }
      let place = url.appendingPathComponent(location)
      try FileManager.default.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
      try numbers.withUnsafeBytes { Data($0) }.write(to: place)
      return .with { tensor in
        (tensor.name, tensor.dataType, tensor.dims) = (name, 1, dims.map(Int64.init))
        tensor.dataLocation = 1
        tensor.externalData = [
          .with { entry in
            entry.key = "location"
            entry.value = location
          }
        ]
      }
    }
    let model = ONNXGraphs.model(
      [
        ONNXGraphs.node("Flatten", ["x"], ["f"], ["axis": .int(1)]),
        ONNXGraphs.node("Gemm", ["f", "w", "b"], ["y"]),
      ],
      [
        try external("w", matrix, [pixels, classes], seed: 1), try external("b", bias, [classes], seed: 5),
      ], image: [1, 28, 28])
    let bytes: Data = try model.serializedData()
    try bytes.write(to: url.appendingPathComponent("net.onnx"))
    return url.appendingPathComponent("net.onnx").path
  }

  private static func describe(_ folder: String, checkpoint: String = #"{"file": "net.onnx"}"#) throws {
    let text = """
      {
        "id": "linear", "name": "Linear", "task": "mnist", "checkpoint": \(checkpoint),
        "preprocessing": {"mean": [0], "std": [1]}, "claims": {"accuracy": 0.001}, "source": {"training": "none"}
      }
      """
    try text.write(toFile: folder + "/model.json", atomically: true, encoding: .utf8)
  }

  @Test func theFilesTravelAndAreCheckedAgain() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let data = try SmallSubmission.writeData(to: binary)
    let model = try Self.write("net", to: binary)
    let digest = try CheckpointFile.open(model).sha256
    let folder = binary.path("mine")
    let made = try binary.run("new-submission", folder, "--checkpoint", model, "--id", "linear", "--task", "mnist")
    #expect(made.status == 0, "\(made.errors)")
    for name in ["net.onnx", "two.data", "weights/one.bin"] {
      #expect(
        FileManager.default.contentsEqual(atPath: folder + "/" + name, andPath: binary.path("net/" + name)), "\(name)")
    }
    let template = try JSONDecoding.parse(
      Data(contentsOf: URL(fileURLWithPath: folder + "/model.json")), source: "model.json")
    #expect(template["checkpoint"]?["sha256"]?.stringValue == digest)
    try Self.describe(folder, checkpoint: #"{"file": "net.onnx", "sha256": "\#(digest)"}"#)

    let submitted = try binary.run("submit", folder, "--data", data, "--quiet")
    #expect(submitted.status == 0, "\(submitted.errors)")
    let kept = ["model.json", "net.onnx", "two.data", "weights/one.bin"].map { "models/linear/" + $0 }
    #expect(binary.files.filter { $0.hasPrefix("models/") } == kept)
    #expect(try binary.run("leaderboard", "verify").status == 0)
    let recheck = ["submit", binary.path("models/linear"), "--recheck", "--data", data, "--quiet"]
    let again = try binary.start(recheck).wait()
    #expect(again.status == 0 && again.output.contains("every number is the recorded one"), "\(again.errors)")

    // One changed byte in either file is found, and so is a file that is gone.
    for name in ["two.data", "weights/one.bin"] {
      let url = URL(fileURLWithPath: binary.path("models/linear/" + name))
      let original = try Data(contentsOf: url)
      for changed in [Data([original[0] ^ 1]) + original.dropFirst(), nil] {
        try FileManager.default.removeItem(at: url)
        try changed?.write(to: url)
        let words = changed == nil ? "`\(name)`, which is not there" : "has SHA-256"
        let verified = try binary.run("leaderboard", "verify")
        #expect(verified.status == 1 && verified.errors.contains(words), "\(verified.errors)")
        let refused = try binary.start(recheck).wait()
        #expect(refused.status == 1 && refused.errors.contains(words), "\(refused.errors)")
        if changed == nil { try original.write(to: url) } else { try original.write(to: url, options: .atomic) }
      }
    }
    #expect(try binary.run("leaderboard", "verify").status == 0)
  }

  @Test(
    "refused before anything is copied or measured",
    arguments: [
      (".hidden/one.bin", "`.hidden/one.bin`, a name that no file of a submission can have"),
      ("model.json", "`model.json`, a name that no file"), ("README.md", "`README.md`, a name that no file"),
      ("../one.bin", "`../one.bin`, which leads out of the model's folder; save the model anew"),
    ]) func refused(_ matrix: String, _ words: String) throws
  {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let model = try Self.write("net", matrix: matrix, to: binary)
    let made = try binary.run("new-submission", binary.path("mine"), "--checkpoint", model)
    #expect(made.status == 1 && made.errors.contains(words), "\(made.errors)")
    #expect(!binary.files.contains { $0.hasPrefix("mine") })
    // A folder that was put together by hand; the last is refused by its description, which lies in the way.
    guard matrix != "model.json" else { return }
    let data = try SmallSubmission.writeData(to: binary)
    try Self.describe(binary.path("net"))
    let submitted = try binary.run("submit", binary.path("net"), "--data", data, "--quiet")
    #expect(submitted.status == 1 && submitted.errors.contains(words), "\(submitted.errors)")
    #expect(!binary.files.contains { $0.hasPrefix("leaderboard/results") })
  }

  @Test func oneAddressGivesOneFile() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let model = try Self.write("net", to: binary)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: model))
    let folder = binary.path("mine")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    // By the model's own digest, and by that with its files.
    for digest in [CheckpointFile.sha256(of: bytes), try CheckpointFile.open(model).sha256] {
      try Self.describe(
        folder,
        checkpoint:
          #"{"url": "https://example.org/net.onnx", "sha256": "\#(digest)", "bytes": \#(bytes.count)}"#)
      let outcome = try binary.run(
        "submit", folder, "--mirror", URL(fileURLWithPath: binary.path("net")).absoluteString, "--cache",
        binary.path("cache"), "--data", try SmallSubmission.writeData(to: binary), "--quiet")
      #expect(
        outcome.status == 1
          && outcome.errors.contains(
            "whose weights lie in other files (`two.data`, `weights/one.bin`), and one address"),
        "\(outcome.errors)")
      #expect(!binary.files.contains { $0.hasPrefix("cache/") && $0.hasSuffix("net.onnx") })
    }
  }
}
