import Foundation
import Tensor
import Testing

@testable import Checkpoints

/// Files that stay where they are while they are read.
@Suite struct FileMappingTests {
  private static func withFile(_ body: (String, Data) throws -> Void) throws {
    let folder = try Fixtures.temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: folder) }
    let content = Data((0..<3 << 20).map { UInt8(truncatingIfNeeded: $0 &* 7) })
    let path = folder.appendingPathComponent("weights").path
    try content.write(to: URL(fileURLWithPath: path))
    try body(path, content)
  }

  @Test func whatWasGivenBackIsReadAgain() throws {
    try Self.withFile { path, content in
      let mapped = try FileMapping.map(path)
      mapped.withUnsafeBytes { FileMapping.release($0) }
      #expect(mapped == content)
      mapped.withUnsafeBytes { FileMapping.release(UnsafeRawBufferPointer(rebasing: $0[12_345..<2_000_001])) }
      #expect(mapped == content)
    }
  }

  /// The memory of anything else would be lost.
  @Test func memoryThatIsNoFilesIsKept() throws {
    let numbers = (0..<1 << 20).map { Float($0) }
    numbers.withUnsafeBytes { FileMapping.release($0) }
    #expect(numbers.indices.allSatisfy { numbers[$0] == Float($0) })
  }

  @Test func writingToAFileIsNoticed() throws {
    try Self.withFile { path, content in
      let file = try CheckpointFile.openWithoutDigest(path)
      let layout = try TensorLayout.contiguous(shape: [1 << 10], storageElements: 1 << 10)
      let tensor = StoredTensor(
        name: "w", dtype: .uint8, layout: layout, storage: ByteRegion(file.data), file: file.name)
      try tensor.requireUnchanged()
      // Another file of the name is none of ours.
      let url = URL(fileURLWithPath: path)
      try FileManager.default.moveItem(at: url, to: url.appendingPathExtension("old"))
      try Data("new".utf8).write(to: url)
      try tensor.requireUnchanged()
      let handle = try FileHandle(forWritingTo: url.appendingPathExtension("old"))
      try handle.write(contentsOf: Data([1, 2, 3]))
      try handle.close()
      #expect {
        try tensor.requireUnchanged()
      } throws: { "\($0)".contains("it was written to while it was in use") }
    }
  }
}
