import Foundation
import Testing

@testable import Checkpoints

@Suite struct FileTests {
  private func failure(_ path: String) -> String? {
    do {
      _ = try CheckpointFile.open(path)
      return nil
    } catch { return error.description }
  }

  @Test func onlyRegularFilesWithContentAreOpened() throws {
    let directory = try Fixtures.temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: directory) }
    let empty = directory.appendingPathComponent("empty.pt").path
    try Data().write(to: URL(fileURLWithPath: empty))
    let pipe = directory.appendingPathComponent("pipe.pt").path
    #expect(mkfifo(pipe, 0o600) == 0)
    #expect(failure(directory.path)?.contains("is a directory, expected a checkpoint file") == true)
    #expect(
      failure(empty) == "empty.pt: cannot be read: the file is empty (0 bytes), expected a checkpoint; fetch it again")
    #expect(failure(pipe)?.hasPrefix("pipe.pt: cannot be read: ") == true)
    #expect(failure(pipe)?.contains("is a pipe, expected a regular file") == true)
    #expect(failure("/dev/null")?.contains("is a device or socket") == true)
    #expect(failure(directory.appendingPathComponent("none.pt").path)?.contains("there is no file at") == true)
  }

  /// Digests from the FIPS 180-2 examples.
  @Test func digestsAreKnown() throws {
    #expect(
      CheckpointFile(name: "x", data: Data("abc".utf8)).sha256
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    let million = Data(repeating: UInt8(ascii: "a"), count: 1_000_000)
    let directory = try Fixtures.temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: directory) }
    let path = directory.appendingPathComponent("million").path
    try AtomicFile.write(million + million, to: path)
    try AtomicFile.write(million, to: path)
    let file = try CheckpointFile.open(path)
    #expect(file.sha256 == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    #expect(file.byteCount == 1_000_000 && file.name == "million" && file.data == million)
  }

  @Test func failedWritesLeaveNothing() throws {
    let directory = try Fixtures.temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: directory) }
    let taken = directory.appendingPathComponent("taken")
    try FileManager.default.createDirectory(at: taken, withIntermediateDirectories: true)
    for path in [taken.path, directory.appendingPathComponent("missing/file").path] {
      #expect(throws: CheckpointError.self) { try AtomicFile.write(Data("x".utf8), to: path) }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["taken"])
  }

  @Test func foldersAreMadeOrTheReasonIsNamed() throws {
    let directory = try Fixtures.temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: directory) }
    let deep = directory.appendingPathComponent("a/b/c")
    for _ in 0..<2 { try Folder.make(deep) }
    var isFolder: ObjCBool = false
    #expect(FileManager.default.fileExists(atPath: deep.path, isDirectory: &isFolder) && isFolder.boolValue)
    let file = directory.appendingPathComponent("file")
    try Data().write(to: file)
    for place in [file, file.appendingPathComponent("below/it")] {
      #expect {
        try Folder.make(place)
      } throws: { error in
        "\(error)" == "\(place.path): cannot be written: \(file.path) is a file, not a folder"
      }
    }
  }

  @Test func formatsAreRecognisedByContent() throws {
    func format(_ bytes: [UInt8], byteCount: Int = 1000) -> CheckpointFormat? {
      FileProbe(name: "weights.txt", byteCount: byteCount, head: Data(bytes)).format
    }
    for (name, expected) in [
      ("zip-protocol2.pt", CheckpointFormat.pytorchZip), ("legacy-protocol1.pt", .pytorchLegacy),
      ("legacy-protocol2.pt", .pytorchLegacy), ("legacy-protocol5.pt", .pytorchLegacy),
      ("numpy-protocol4.pkl", .pickle), ("dtypes.safetensors", .safetensors),
    ] {
      #expect(FileProbe(try Fixtures.open(name)).format == expected, "\(name)")
    }
    #expect(format([8, 4, 0x12, 7] + Array("pytorch".utf8)) == .onnx)
    #expect(format([UInt8](repeating: 0, count: 257) + Array("ustar".utf8)) == .pytorchTar)
    #expect(format(Array("plain text, long enough".utf8)) == nil)
    #expect(format([]) == nil)
  }

  @Test func unrecognisedContentIsDescribed() {
    let cases = [
      "version https://git-lfs.github.com/spec/v1\n": "Git LFS pointer", "<!DOCTYPE html><html>": "web page",
      "\u{1f}x": "unknown content (2 bytes, the first are 1f 78)",
    ]
    for (text, words) in cases {
      #expect(Fixtures.failure(Data(text.utf8))?.description.contains(words) == true, "\(words)")
    }
    let tar = Data(count: 257) + Data("ustar".utf8)
    #expect(Fixtures.failure(tar)?.description.contains("is a tar archive, as PyTorch wrote before 0.2") == true)
  }
}
