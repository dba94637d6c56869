import Foundation

@testable import Checkpoints

/// Assembles pickles and checkpoints by hand, also ones no Python would write.
struct PickleAssembler {
  private(set) var bytes: [UInt8] = [0x80, 0x02]

  var data: Data { Data(bytes) }

  /// Appends text as opcodes and their newline-terminated arguments, e.g. `"cos\nsystem\n"`.
  func adding(_ text: String) -> PickleAssembler { adding(Array(text.utf8)) }

  func adding(_ more: [UInt8]) -> PickleAssembler {
    var copy = self
    copy.bytes += more
    return copy
  }

  func adding(_ opcode: PickleOpcode, _ argument: [UInt8] = []) -> PickleAssembler {
    adding([opcode.rawValue] + argument)
  }

  func string(_ text: String) -> PickleAssembler {
    let bytes = Array(text.utf8)
    return adding(.binUnicode, [UInt8(bytes.count & 255), UInt8(bytes.count >> 8), 0, 0] + bytes)
  }

  func integer(_ value: Int) -> PickleAssembler {
    adding(.long1, [8] + (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) })
  }

  func integers(_ values: [Int]) -> PickleAssembler {
    values.reduce(adding(.mark)) { $0.integer($1) }.adding(.tuple)
  }

  /// A tensor as `_rebuild_tensor_v2` describes it.
  func tensor(
    storage: String = "FloatStorage", key: String = "0", count: Int, offset: Int = 0, shape: [Int], strides: [Int]
  ) -> PickleAssembler {
    adding("ctorch._utils\n_rebuild_tensor_v2\n(").adding(.mark).string("storage").adding("ctorch\n\(storage)\n")
      .string(key).string("cpu").integer(count).adding(.tuple).adding(.binPersid).integer(offset).integers(shape)
      .integers(strides).adding(.newFalse).adding(.none).adding(.tuple).adding(.reduce)
  }

  /// A dictionary with the one entry `w`.
  static func dictionary(_ value: (PickleAssembler) -> PickleAssembler) -> PickleAssembler {
    value(PickleAssembler().adding("}").string("w")).adding(.setItem).adding(.stop)
  }

  /// A zip checkpoint of this pickle.
  func zip(storages: [String: Data] = ["0": Data(count: 64)]) throws -> Data {
    var archive = ZipWriter(file: "test", capacity: 4096)
    try archive.add("archive/data.pkl", data)
    for (key, content) in storages.sorted(by: { $0.key < $1.key }) {
      try archive.add("archive/data/\(key)", content)
    }
    return archive.finished()
  }
}
