import Checkpoints
import Foundation
import Testing

/// Every unusable file ends in exit 1 with one message that names it, and leaves nothing behind.
@Suite struct HostileFileTests {
  private func expectRefusal(
    _ binary: RealBinary, _ checkpoint: String, naming words: [String], lines: Int = 1,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let before = binary.files
    let outcome = try binary.run("evaluate", checkpoint, "--images", "16", "--quiet")
    #expect(outcome.status == 1, sourceLocation: sourceLocation)
    for word in words {
      #expect(outcome.errors.contains(word), "expected `\(word)` in: \(outcome.errors)", sourceLocation: sourceLocation)
    }
    #expect(
      outcome.output.isEmpty && outcome.errors.split(separator: "\n").count == lines, sourceLocation: sourceLocation)
    #expect(!outcome.errors.contains("Fatal") && binary.files == before, sourceLocation: sourceLocation)
  }

  @Test func emptyTruncatedAndFlipped() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, _) = try SmallModel.write(to: binary)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: checkpoint))
    try expectRefusal(binary, binary.write(Data(), "empty.pt"), naming: ["empty.pt"])
    for part in [1, 4, 100, bytes.count / 2, bytes.count - 1] {
      try expectRefusal(binary, binary.write(bytes.prefix(part), "cut.pt"), naming: ["cut.pt"])
    }
    var flipped = bytes
    flipped[bytes.count / 2] ^= 1
    try expectRefusal(binary, binary.write(flipped, "flipped.pt"), naming: ["flipped.pt"])
    try expectRefusal(binary, binary.path("absent.pt"), naming: ["absent.pt"])
    try expectRefusal(binary, binary.folder.path, naming: [binary.folder.lastPathComponent])
  }

  @Test func wrongShapes() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, _) = try SmallModel.write(to: binary)
    try PyTorchZipWriter.write(
      [
        TensorToWrite(name: "conv.weight", shape: [4, 3, 3, 3], floats: [Float](repeating: 0.1, count: 108)),
        TensorToWrite(name: "fc.weight", shape: [10, 200], floats: [Float](repeating: 0.1, count: 2000)),
      ], to: checkpoint)
    try expectRefusal(binary, checkpoint, naming: ["small.pt", "conv.weight", "[4, 3, 3, 3]"])
  }

  @Test func unknownNetwork() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let path = binary.path("odd.pt")
    try PyTorchZipWriter.write(
      [TensorToWrite(name: "some.tensor", shape: [2], floats: [1, 2])], to: path)
    try expectRefusal(binary, path, naming: ["odd.pt", "some.tensor", "model.json", "--arch"], lines: 4)
  }

  /// A legacy checkpoint whose pickle would run a command. It is read to its end, nothing runs, and there are no tensors.
  @Test func codeIsNotExecuted() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let marker = binary.path("executed")
    let pickle = "cposix\nsystem\n(S'touch \(marker)'\ntR."
    try expectRefusal(binary, binary.write(Data(pickle.utf8), "evil.pt"), naming: ["evil.pt"])
    #expect(!FileManager.default.fileExists(atPath: marker))
  }

  @Test(arguments: [
    ("{", "model.json"), ("{\"id\": \"x\", \"name\": \"y\", \"architcture\": \"resnet18\"}", "architcture"),
    ("{\"id\": \"../x\", \"name\": \"y\"}", "../x"),
    ("{\"id\": \"x\", \"name\": \"y\", \"architecture\": [{\"type\": \"Conv3d\"}]}", "Conv3d"),
    ("{\"id\": \"x\", \"name\": \"y\", \"architecture\": \"mobilenet9\"}", "mobilenet9"),
  ])
  func badDescription(_ text: String, names word: String) throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let (checkpoint, _) = try SmallModel.write(to: binary)
    _ = try binary.write(Data(text.utf8), "model.json")
    try expectRefusal(binary, checkpoint, naming: [word])
  }
}
