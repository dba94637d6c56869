import Foundation
import Testing

@testable import Checkpoints

@Suite struct NumPyFileTests {
  /// A `.npy` file with this header.
  static func file(_ header: String, _ content: [UInt8], version: UInt8 = 1) -> Data {
    let length = header.utf8.count
    let size: [UInt8] =
      version == 1
      ? [UInt8(length & 255), UInt8(length >> 8)] : (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
    return Data([0x93] + Array("NUMPY".utf8) + [version, 0] + size + Array(header.utf8) + content)
  }

  private static func header(_ type: String, _ shape: String, fortran: String = "False") -> String {
    "{'descr': '\(type)', 'fortran_order': \(fortran), 'shape': \(shape), }   \n"
  }

  private static func array(_ data: Data) throws -> StoredTensor {
    try #require(try NumPyFile(data, file: "a.npy").arrays[""])
  }

  @Test func arraysAreRead() throws {
    for version: UInt8 in 1...3 {
      let array = try Self.array(Self.file(Self.header("|u1", "(2, 3)"), [1, 2, 3, 4, 5, 6], version: version))
      #expect(array.shape == [2, 3] && array.dtype == .uint8)
      #expect(try array.bytes() == [1, 2, 3, 4, 5, 6])
    }
    let columns = try Self.array(Self.file(Self.header("|u1", "(2, 3)", fortran: "True"), [1, 2, 3, 4, 5, 6]))
    #expect(try columns.bytes() == [1, 3, 5, 2, 4, 6])
    let scalar = try Self.array(Self.file(Self.header("<i2", "()"), [2, 1]))
    #expect(try scalar.shape == [] && scalar.integers() == [258])
    // Python 2 wrote long integers so.
    #expect(try Self.array(Self.file(Self.header("|u1", "(2L,)"), [7, 8])).shape == [2])
  }

  @Test(
    arguments: [
      ("<f4", "(2,)", [1, 2, 3, 4], "with 4 bytes"), (">i2", "(1,)", [0, 1], "big-endian"),
      ("|O", "(1,)", [0], "NumPy |O"),
      ("<U3", "(1,)", [0], "NumPy <U3"), ("|u1", "(9223372036854775807, 9223372036854775807)", [1], "damaged"),
      ("|u1", "(99999999999999999999,)", [1], "damaged"), ("|u1", "(0, 99999999999999999)", [], "damaged"),
    ] as [(String, String, [UInt8], String)])
  func refusals(_ type: String, _ shape: String, _ content: [UInt8], _ words: String) {
    #expect {
      try NumPyFile(Self.file(Self.header(type, shape), content), file: "a.npy")
    } throws: { "\($0)".contains(words) && "\($0)".hasPrefix("a.npy") }
  }

  @Test func damageIsNamed() {
    let whole = Self.file(Self.header("|u1", "(2, 3)"), [1, 2, 3, 4, 5, 6])
    for length in 0..<whole.count {
      #expect(throws: CheckpointError.self) { try NumPyFile(whole.prefix(length), file: "a.npy") }
    }
    for data in [
      Self.file("{'shape': (1,)}", [1]), Self.file(String(repeating: " ", count: 20_000), []),
      Self.file(Self.header("|u1", "(1,)"), [1], version: 4), Data("PK".utf8), Data("text".utf8),
      Self.file("{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (1,), }", [0, 0, 0, 0]),
    ] {
      #expect(throws: CheckpointError.self) { try NumPyFile(data, file: "a.npy") }
    }
  }

  @Test func archivesHoldArraysByName() throws {
    var writer = ZipWriter(file: "a.npz", capacity: 0)
    try writer.add("x_train.npy", Self.file(Self.header("|u1", "(1,)"), [5]))
    try writer.add("notes.txt", Data("not an array".utf8))
    let arrays = try NumPyFile(writer.finished(), file: "a.npz").arrays
    #expect(arrays.keys.sorted() == ["x_train"])
    #expect(try arrays["x_train"]?.bytes() == [5])
  }
}
