import Foundation
import JSON
import Testing

/// SplitMix64, for the same cases in every run.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}

@Suite struct JSONRoundTripTests {
  @Test func doublesReadBackBitForBit() throws {
    var generator = SeededGenerator(state: 1)
    var numbers: [Double] = [
      0, -0.0, 1, -1, 0.1, 1.0 / 3, .leastNonzeroMagnitude, .leastNormalMagnitude, .greatestFiniteMagnitude,
      -.greatestFiniteMagnitude, 9_007_199_254_740_992, 1e15, 1e16, 1e17, 1e21, 1e22, 1e23, 123_456_789.0,
    ]
    while numbers.count < 10_000 {
      let number = Double(bitPattern: generator.next())
      if number.isFinite { numbers.append(number) }
    }
    let data = try JSONEncoding.encode(numbers)
    let decoded = try JSONDecoding.decode([Double].self, from: data, source: "numbers")
    #expect(decoded.map(\.bitPattern) == numbers.map(\.bitPattern))
    // They stay numbers, never integers.
    let elements = try JSONDecoding.parse(data, source: "numbers").arrayValue ?? []
    #expect(elements == numbers.map(JSONValue.number))
  }

  @Test func floatsReadBackBitForBitFromTheirShortestText() throws {
    var generator = SeededGenerator(state: 2)
    var numbers: [Float] = [
      0, -0.0, 0.1, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 16_777_216, .leastNormalMagnitude,
    ]
    while numbers.count < 10_000 {
      let number = Float(bitPattern: UInt32(truncatingIfNeeded: generator.next()))
      if number.isFinite { numbers.append(number) }
    }
    let decoded = try JSONDecoding.decode([Float].self, from: JSONEncoding.encode(numbers), source: "numbers")
    #expect(decoded.map(\.bitPattern) == numbers.map(\.bitPattern))
    #expect(try JSONEncoding.encodeCompact([Float(0.1), 2, 1e-8]) == Data("[0.1,2.0,1e-08]".utf8))
  }

  @Test func randomValuesReadBackEqual() throws {
    for seed in UInt64(0)..<300 {
      var generator = SeededGenerator(state: seed)
      let value = Self.randomValue(depth: 5, using: &generator)
      for data in [try JSONEncoding.encode(value), try JSONEncoding.encodeCompact(value)] {
        #expect(try JSONDecoding.parse(data, source: "random") == value)
        #expect(try JSONDecoding.decode(JSONValue.self, from: data, source: "random") == value)
      }
    }
  }

  @Test func otherCodersTakeValuesToo() throws {
    // Foundation's decoder does not keep the order of keys and reads 2.0 as 2, so there is one key and no such number.
    let value = JSONValue.object([
      JSONMember(
        key: "a",
        value: .array([.null, .bool(true), .integer(-3), .number(0.5), .string("é"), .array([]), .object([])]))
    ])
    #expect(try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value)) == value)
  }

  private static func randomValue(depth: Int, using generator: inout SeededGenerator) -> JSONValue {
    switch Int.random(in: 0..<(depth > 0 ? 9 : 6), using: &generator) {
    case 0: return .null
    case 1: return .bool(Bool.random(using: &generator))
    case 2: return .integer(Int64(bitPattern: generator.next()))
    case 3: return .integer(Int64.random(in: -1000...1000, using: &generator))
    case 4: return .number(Double.random(in: -10...10, using: &generator))
    case 5: return .string(randomText(using: &generator))
    case 6:
      return .array(
        (0..<Int.random(in: 0...5, using: &generator)).map { _ in randomValue(depth: depth - 1, using: &generator) })
    default:
      var members: [JSONMember] = []
      for index in 0..<Int.random(in: 0...5, using: &generator) {
        // The index keeps keys apart, the space keeps it from joining a following accent.
        let key = "\(index) " + randomText(using: &generator).filter { !$0.unicodeScalars.contains("\0") }
        members.append(JSONMember(key: key, value: randomValue(depth: depth - 1, using: &generator)))
      }
      return .object(members)
    }
  }

  private static func randomText(using generator: inout SeededGenerator) -> String {
    let ranges: [ClosedRange<UInt32>] = [0...0x1F, 0x20...0x7F, 0x80...0xFFF, 0xE000...0xFFFF, 0x10000...0x10FFFF]
    var text = ""
    for _ in 0..<Int.random(in: 0...12, using: &generator) {
      let range = ranges[Int.random(in: 0..<ranges.count, using: &generator)]
      if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &generator)) { text.unicodeScalars.append(scalar) }
    }
    return text
  }
}
