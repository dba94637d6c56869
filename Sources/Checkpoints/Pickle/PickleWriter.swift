import Foundation

/// Writes the few opcodes of protocol 2 that a state dict needs. No memo: nothing refers back.
struct PickleWriter {
  private(set) var data = Data()

  init() {
    opcode(.proto)
    data.append(2)
  }

  mutating func opcode(_ opcode: PickleOpcode) { data.append(opcode.rawValue) }

  mutating func text(_ text: String) {
    let bytes = Array(text.utf8)
    opcode(.binUnicode)
    data.appendLittleEndian(UInt32(bytes.count))
    data.append(contentsOf: bytes)
  }

  mutating func integer(_ value: Int) {
    if let small = UInt8(exactly: value) {
      opcode(.binInt1)
      data.append(small)
    } else if let medium = Int32(exactly: value) {
      opcode(.binInt)
      data.appendLittleEndian(medium)
    } else {
      opcode(.long1)
      data.append(8)
      data.appendLittleEndian(Int64(value))
    }
  }

  mutating func tuple(_ values: [Int]) {
    opcode(.mark)
    values.forEach { integer($0) }
    opcode(.tuple)
  }

  mutating func global(_ module: String, _ name: String) {
    opcode(.global)
    data.append(contentsOf: "\(module)\n\(name)\n".utf8)
  }

  /// `collections.OrderedDict()`
  mutating func emptyOrderedDictionary() {
    global("collections", "OrderedDict")
    opcode(.emptyTuple)
    opcode(.reduce)
  }
}
