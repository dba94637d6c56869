import Foundation

/// What a pickle describes, as a tree.
indirect enum PickleNode {
  case none
  case bool(Bool)
  case integer(Int)
  case float(Double)
  case text(String)
  case bytes(Data)
  case list([PickleNode])
  case tuple([PickleNode])
  /// Keys and values in turn. An array of pairs of nodes is a circular reference to some incremental builds of Swift 6.3.
  case dictionary(flat: [PickleNode])
  /// A dictionary's items added to an object that was made otherwise.
  case filled(PickleNode, flat: [PickleNode])
  case global(String, String)
  case call(PickleNode, PickleNode)
  case newObject(PickleNode, PickleNode)
  case build(PickleNode, PickleNode)
  case persistent(PickleNode)
  /// The value, kept under a number.
  case kept(Int, PickleNode)
  /// What was kept under a number, perhaps of a value that is not complete yet.
  case reference(Int)
  /// Opcodes as they are.
  case raw([UInt8])

  typealias Item = (key: PickleNode, value: PickleNode)

  static func dictionary(_ items: [Item]) -> PickleNode { .dictionary(flat: items.flatMap { [$0.key, $0.value] }) }

  static func filled(_ object: PickleNode, _ items: [Item]) -> PickleNode {
    .filled(object, flat: items.flatMap { [$0.key, $0.value] })
  }
}

/// Bytes of pickles, by opcodes of the protocols 2 to 4 in turn.
struct PickleEncoder {
  private(set) var data = Data()
  let `protocol`: Int

  static func encode(_ node: PickleNode, protocol version: Int) -> Data {
    var encoder = PickleEncoder(protocol: version)
    encoder.data += [0x80, UInt8(version)]
    encoder.append(node)
    encoder.data.append(UInt8(ascii: "."))
    return encoder.data
  }

  private init(protocol version: Int) { self.protocol = version }

  private mutating func append(_ node: PickleNode) {
    switch node {
    case .none: data.append(UInt8(ascii: "N"))
    case .bool(let value): data.append(value ? 0x88 : 0x89)
    case .integer(let value): integer(value)
    case .float(let value):
      data.append(UInt8(ascii: "G"))
      withUnsafeBytes(of: value.bitPattern.bigEndian) { data.append(contentsOf: $0) }
    case .text(let text): self.text(text)
    case .bytes(let bytes):
      data.append(UInt8(ascii: "B"))
      little(UInt32(bytes.count))
      data += bytes
    case .list(let elements):
      data += [UInt8(ascii: "]"), UInt8(ascii: "(")]
      for element in elements { append(element) }
      data.append(UInt8(ascii: "e"))
    case .tuple(let elements) where (1...3).contains(elements.count):
      for element in elements { append(element) }
      data.append(0x84 + UInt8(elements.count))
    case .tuple(let elements):
      data.append(UInt8(ascii: "("))
      for element in elements { append(element) }
      data.append(UInt8(ascii: "t"))
    case .dictionary(let items):
      data += [UInt8(ascii: "}"), UInt8(ascii: "(")]
      for item in items { append(item) }
      data.append(UInt8(ascii: "u"))
    case .filled(let object, let items):
      append(object)
      data.append(UInt8(ascii: "("))
      for item in items { append(item) }
      data.append(UInt8(ascii: "u"))
    case .global(let module, let name):
      if `protocol` >= 4 {
        text(module)
        text(name)
        data.append(0x93)
      } else {
        data += Data("c\(module)\n\(name)\n".utf8)
      }
    case .call(let function, let arguments):
      append(function)
      append(arguments)
      data.append(UInt8(ascii: "R"))
    case .newObject(let type, let arguments):
      append(type)
      append(arguments)
      data.append(0x81)
    case .build(let object, let state):
      append(object)
      append(state)
      data.append(UInt8(ascii: "b"))
    case .persistent(let identifier):
      append(identifier)
      data.append(UInt8(ascii: "Q"))
    case .kept(let number, let value):
      // A list or dictionary is kept before its elements, which may therefore contain it.
      switch value {
      case .list(let elements):
        data.append(UInt8(ascii: "]"))
        keep(number)
        data.append(UInt8(ascii: "("))
        for element in elements { append(element) }
        data.append(UInt8(ascii: "e"))
      case .dictionary(let items):
        data.append(UInt8(ascii: "}"))
        keep(number)
        data.append(UInt8(ascii: "("))
        for item in items { append(item) }
        data.append(UInt8(ascii: "u"))
      default:
        append(value)
        keep(number)
      }
    case .reference(let number):
      data.append(UInt8(ascii: "j"))
      little(UInt32(truncatingIfNeeded: number))
    case .raw(let bytes): data += bytes
    }
  }

  private mutating func keep(_ number: Int) {
    data.append(UInt8(ascii: "r"))
    little(UInt32(truncatingIfNeeded: number))
  }

  private mutating func integer(_ value: Int) {
    if (0...255).contains(value) {
      data += [UInt8(ascii: "K"), UInt8(value)]
    } else if let short = Int32(exactly: value) {
      data.append(UInt8(ascii: "J"))
      little(UInt32(bitPattern: short))
    } else {
      data += [0x8a, 8]
      little(UInt64(bitPattern: Int64(value)))
    }
  }

  private mutating func text(_ text: String) {
    data.append(UInt8(ascii: "X"))
    little(UInt32(text.utf8.count))
    data += Data(text.utf8)
  }

  private mutating func little<Number: FixedWidthInteger>(_ number: Number) {
    withUnsafeBytes(of: number.littleEndian) { data.append(contentsOf: $0) }
  }
}
