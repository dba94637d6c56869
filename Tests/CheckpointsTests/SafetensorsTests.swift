import Foundation
import Testing

@testable import Checkpoints

@Suite struct SafetensorsTests {
  private func file(_ header: String, data: Int, length: UInt64? = nil) -> Data {
    var bytes = Data()
    bytes.appendLittleEndian(length ?? UInt64(header.utf8.count))
    return bytes + Data(header.utf8) + Data(count: data)
  }

  private func expect(_ data: Data, _ words: String, _ location: SourceLocation = #_sourceLocation) {
    var message: String?
    do { _ = try SafetensorsReader.read(CheckpointFile(name: "m.safetensors", data: data)) } catch {
      message = error.description
    }
    #expect(
      message?.hasPrefix("m.safetensors: ") == true && message?.contains(words) == true, "\(message ?? "no error")",
      sourceLocation: location)
  }

  private func entry(_ shape: String = "[2]", _ offsets: String = "[0,8]", dtype: String = "F32") -> String {
    "{\"dtype\":\"\(dtype)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}"
  }

  @Test func emptyAndPaddedHeadersAreRead() throws {
    #expect(try SafetensorsReader.read(CheckpointFile(name: "m", data: file("{}      ", data: 0))).tensors.isEmpty)
    let scalar = try SafetensorsReader.read(
      CheckpointFile(name: "m", data: file("{\"a\":\(entry("[]", "[0,4]"))}", data: 4)))
    #expect(scalar["a"]?.shape == [] && scalar["a"]?.elementCount == 1)
    let empty = file("{\"b\":\(entry("[0,3]", "[8,8]")),\"a\":\(entry())}", data: 8)
    #expect(try SafetensorsReader.read(CheckpointFile(name: "m", data: empty)).tensors.map(\.name) == ["b", "a"])
  }

  @Test func headersAreChecked() {
    expect(Data([1, 2, 3]), "the safetensors header length at byte 0 needs 8 bytes, only 3 are left")
    expect(file("{}", data: 0, length: 3), "the safetensors header at byte 8 needs 3 bytes, only 2 are left")
    expect(file("{}", data: 0, length: 100_000_001), "its length in bytes is 100000001, at most 100000000 is accepted")
    expect(file("{}", data: 0, length: .max), "its length in bytes is 18446744073709551615")
    expect(file(" {}", data: 0), "does not start with `{`")
    expect(file("{\"a\":", data: 0), "safetensors header: ")
    expect(file("{} x", data: 0), "safetensors header: ")
    expect(file("{\"a\":\(entry()),\"a\":\(entry())}", data: 8), "safetensors header: ")
    expect(file("{\"__metadata__\":{\"a\":1}}", data: 0), "entry `a` is not text")
    expect(file("{\"__metadata__\":[]}", data: 0), "`__metadata__` is not an object")
    expect(file("{\"a\":" + String(repeating: "[", count: 100_000), data: 0), "safetensors header: ")
  }

  @Test func entriesAreChecked() {
    expect(file("{\"a\":\(entry("[3]"))}", data: 8), "tensor `a` has 8 bytes, expected 12 for shape [3]")
    expect(file("{\"a\":\(entry(dtype: "F4"))}", data: 8), "tensor `a` has dtype F4")
    expect(file("{\"a\":\(entry("[2]", "[8,0]"))}", data: 8), "data_offsets [8, 0]")
    expect(file("{\"a\":\(entry("[2]", "[0,8]"))}", data: 7), "within the file's 7 bytes")
    expect(file("{\"a\":\(entry("[4294967296,4294967296]"))}", data: 8), "more than the 536870912 elements")
    expect(file("{\"a\":\(entry("[9223372036854775807,0]", "[0,0]"))}", data: 0), "more than the 536870912 elements")
    for bad in ["[-2]", "[2.0]", "[\"2\"]", "2"] {
      expect(file("{\"a\":\(entry(bad))}", data: 8), "malformed header entry")
    }
    expect(file("{\"a\":\(entry("[9223372036854775808]"))}", data: 8), "$.a.shape[0]")
    expect(file("{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", data: 8), "malformed header entry")
    expect(file("{\"a\":\(entry("[2]", "[0,8,8]"))}", data: 8), "malformed header entry")
    expect(file("{\"a\":[]}", data: 8), "malformed header entry")
  }

  @Test func theDataIsCoveredExactlyOnce() {
    expect(file("{\"a\":\(entry())}", data: 9), "its tensors end at byte 8 of 9")
    expect(file("{\"a\":\(entry("[2]", "[4,12]"))}", data: 12), "leaving a hole from byte 0")
    let hole = "{\"a\":\(entry()),\"b\":\(entry("[2]", "[12,20]"))}"
    expect(file(hole, data: 20), "tensor `b` starts at byte 12 of the data, leaving a hole from byte 8")
    let overlap = "{\"a\":\(entry()),\"b\":\(entry("[2]", "[4,12]"))}"
    expect(file(overlap, data: 12), "tensor `b` starts at byte 4 of the data, overlapping")
    let same = "{\"a\":\(entry()),\"b\":\(entry())}"
    expect(file(same, data: 8), "overlapping")
  }

  @Test func metadataIsRead() throws {
    let content = try SafetensorsReader.read(Fixtures.open("dtypes.safetensors"))
    #expect(content.metadata == ["note": "ünïcode", "format": "pt"])
  }

  @Test func whatIsWrittenIsReadBack() throws {
    let tensors = [
      TensorToWrite(
        name: "a \"quoted\" näme\n", shape: [2, 3], floats: [1, -2, .infinity, 0, .leastNonzeroMagnitude, 5]),
      TensorToWrite(name: "empty", shape: [0, 4], floats: []),
      TensorToWrite(name: "labels", shape: [2], integers: [.min, 7]),
      TensorToWrite(name: "byte", dtype: .uint8, shape: [], data: Data([9])),
    ]
    let metadata = ["b": "2", "a": "ü/\\"]
    let data = try SafetensorsWriter.encode(tensors, metadata: metadata)
    #expect(try data == SafetensorsWriter.encode(tensors, metadata: metadata))
    #expect(data[0] % 8 == 0)
    let content = try SafetensorsReader.read(CheckpointFile(name: "m", data: data))
    #expect(content.metadata == metadata)
    #expect(content.tensors.map(\.name) == tensors.map(\.name))
    #expect(content.tensors.map(\.shape) == tensors.map(\.shape))
    #expect(content.tensors.map(\.dtype) == tensors.map(\.dtype))
    #expect(try content.tensors[0].floats() == [1, -2, .infinity, 0, .leastNonzeroMagnitude, 5])
    #expect(try content.tensors[2].integers() == [.min, 7])
    #expect(try content.tensors[3].integers() == [9])
  }

  @Test("a tensor of several arrays is written as if it were one, from the arrays themselves")
  func parts() throws {
    let arrays: [[Float]] = [[1, 2], [], [3, 4, 5, 6]]
    let parts = TensorToWrite(name: "a", shape: [3, 2], joining: arrays)
    let whole = TensorToWrite(name: "a", shape: [3, 2], floats: arrays.flatMap { $0 })
    #expect(parts.data == whole.data && parts.byteCount == 24)
    var places: [UnsafeRawPointer?] = []
    parts.forEachPart { places.append($0.baseAddress) }
    #expect(places == arrays.map { $0.withUnsafeBytes(\.baseAddress) })

    let expected = try SafetensorsWriter.encode([whole], metadata: ["b": "2"])
    #expect(try SafetensorsWriter.encode([parts], metadata: ["b": "2"]) == expected)
    let directory = try Fixtures.temporaryDirectory()
    defer { try? FileManager.default.removeItem(at: directory) }
    let file = directory.appendingPathComponent("a.safetensors")
    try SafetensorsWriter.write([parts], metadata: ["b": "2"], to: file.path)
    #expect(try Data(contentsOf: file) == expected)
    let read = try #require(try SafetensorsReader.read(CheckpointFile.open(file.path))["a"])
    #expect(try read.floats(2..<5) == [3, 4, 5] && read.floats(6..<6).isEmpty)
    #expect(throws: CheckpointError.self) { try read.floats(5..<7) }
    #expect(throws: CheckpointError.self) {
      try SafetensorsWriter.encode([TensorToWrite(name: "a", shape: [5], joining: arrays)])
    }
  }

  @Test func impossibleTensorsAreNotWritten() {
    let bad: [[TensorToWrite]] = [
      [TensorToWrite(name: "a", shape: [3], floats: [1])], [TensorToWrite(name: "a", shape: [-1], floats: [])],
      [TensorToWrite(name: "a", shape: [], floats: [1]), TensorToWrite(name: "a", shape: [], floats: [1])],
    ]
    for tensors in bad {
      #expect(throws: CheckpointError.self) { try SafetensorsWriter.encode(tensors) }
      #expect(throws: CheckpointError.self) { try PyTorchZipWriter.encode(tensors) }
    }
    let reserved = [TensorToWrite(name: "__metadata__", shape: [], floats: [1])]
    #expect(throws: CheckpointError.self) { try SafetensorsWriter.encode(reserved) }
  }
}
