import Foundation
import JSON
import Testing

@Suite struct JSONEncodingTests {
  struct Result: Codable, Equatable {
    struct Interval: Codable, Equatable {
      var low: Double
      var high: Double
    }
    enum Regime: String, Codable { case weak, alignedWithScore = "score-aligned" }

    var zeta = "a/b \"é\"\n\u{1}"
    var accuracy = 1.0
    var count = 600
    var tiny = Double.leastNonzeroMagnitude
    var interval: Interval? = Interval(low: 0.1, high: 1e22)
    var missing: Int?
    var null: Int?? = .some(nil)
    var alpha: [Double] = []
    var regime = Regime.alignedWithScore
    var flags = [true, false]
    var empty: [String: Int] = [:]
  }

  @Test func layoutIsStable() throws {
    let expected = #"""
      {
        "zeta": "a/b \"é\"\n\u0001",
        "accuracy": 1.0,
        "count": 600,
        "tiny": 5e-324,
        "interval": {
          "low": 0.1,
          "high": 1e+22
        },
        "null": null,
        "alpha": [],
        "regime": "score-aligned",
        "flags": [
          true,
          false
        ],
        "empty": {}
      }

      """#
    #expect(String(decoding: try JSONEncoding.encode(Result()), as: UTF8.self) == expected)
    #expect(
      String(decoding: try JSONEncoding.encodeCompact(Result.Interval(low: -0.0, high: 100)), as: UTF8.self)
        == #"{"low":-0.0,"high":100.0}"#)
  }

  @Test func dictionariesAreSorted() throws {
    let keys = (0..<200).map { "k\($0)" }
    let dictionary = Dictionary(uniqueKeysWithValues: keys.map { ($0, 1) })
    let nested = try JSONDecoding.parse(JSONEncoding.encode(["x": dictionary]), source: "sorted")
    #expect(nested["x"]?.objectValue?.map(\.key) == keys.sorted())
    #expect(String(decoding: try JSONEncoding.encodeCompact([2: "b", 1: "a"]), as: UTF8.self) == #"{"1":"a","2":"b"}"#)
    #expect(throws: JSONError.self) { try JSONEncoding.encode(Set([1, 2])) }
    #expect(throws: JSONError.self) { try JSONEncoding.encode([Result.Regime.weak: 1]) }
  }

  @Test func valuesWithoutTextAreRefusedWithTheirPath() {
    func message(_ value: some Encodable) -> String {
      do throws(JSONError) {
        _ = try JSONEncoding.encode(value)
        return ""
      } catch {
        return error.description
      }
    }
    #expect(message(["a": [1, Double.nan]]) == "cannot write JSON: $.a[1]: JSON has no nan")
    #expect(message(Result(accuracy: .infinity)) == "cannot write JSON: $.accuracy: JSON has no inf")
    #expect(message([-Float.infinity]) == "cannot write JSON: $[0]: JSON has no -inf")
    #expect(message(["v": JSONValue.array([.number(.nan)])]) == "cannot write JSON: $.v[0]: JSON has no nan")
    #expect(
      message([UInt64.max])
        == "cannot write JSON: $[0]: integer 18446744073709551615 is beyond 64 bits with sign; write it as a string")
    #expect(message(["a\0": 1]).hasSuffix("the key contains the character U+0000"))
    let twice = JSONValue.object([JSONMember(key: "k", value: .null), JSONMember(key: "k", value: .null)])
    #expect(message(twice) == "cannot write JSON: $.k: the key occurs twice")
    #expect(message(Silent()) == "cannot write JSON: $: the type has encoded nothing")
    var deep = JSONValue.null
    for _ in 0..<600 { deep = .array([deep]) }
    #expect(message(deep).hasSuffix("nest deeper than 512 levels"))
  }

  struct Silent: Encodable {
    func encode(to encoder: any Encoder) {}
  }

  @Test func nestedAndSuperContainers() throws {
    let text = String(decoding: try JSONEncoding.encodeCompact(Handmade()), as: UTF8.self)
    #expect(text == #"{"list":[1,null,{"k":"v"},[2.5],true],"inner":{"a":1,"b":2},"super":"base"}"#)
    let decoded = try JSONDecoding.decode(Handmade.self, from: Data(text.utf8), source: "h", rejectUnknownKeys: true)
    #expect(decoded.trace == ["1", "nil", "v", "2.5", "true", "1", "2", "base"])
  }

  @Test func classesShareTheirSuperclassesObject() throws {
    let text = String(decoding: try JSONEncoding.encodeCompact(Derived()), as: UTF8.self)
    #expect(text == #"{"base":1,"derived":2}"#)
    let decoded = try JSONDecoding.decode(Derived.self, from: Data(text.utf8), source: "d", rejectUnknownKeys: true)
    #expect(decoded.base == 1 && decoded.derived == 2)
  }

  @Test func enumsWithPayloadsRoundTrip() throws {
    let layers: [Layer] = [.convolution(channels: 8, stride: 2), .identity, .named("x")]
    let data = try JSONEncoding.encodeCompact(layers)
    #expect(
      String(decoding: data, as: UTF8.self)
        == #"[{"convolution":{"channels":8,"stride":2}},{"identity":{}},{"named":{"_0":"x"}}]"#)
    #expect(try JSONDecoding.decode([Layer].self, from: data, source: "l", rejectUnknownKeys: true) == layers)
  }

  @Test func everyTypeOfScalarRoundTrips() throws {
    let scalars = Scalars()
    #expect(try JSONDecoding.decode(Scalars.self, from: JSONEncoding.encode(scalars), source: "s") == scalars)
    #expect(try JSONDecoding.decode(Int?.self, from: JSONEncoding.encode(Int?.none), source: "s") == nil)
    let date = Date(timeIntervalSinceReferenceDate: 1.5)
    #expect(try JSONDecoding.decode([Date].self, from: JSONEncoding.encode([date]), source: "s") == [date])
  }
}

enum Layer: Codable, Equatable {
  case convolution(channels: Int, stride: Int)
  case identity
  case named(String)
}

struct Scalars: Codable, Equatable {
  var bool = true
  var text = "ü"
  var double = -1.5
  var float: Float = 0.3
  var int = Int.min
  var int8 = Int8.min
  var int16 = Int16.max
  var int32 = Int32.min
  var int64 = Int64.max
  var uint: UInt = 7
  var uint8 = UInt8.max
  var uint16 = UInt16.max
  var uint32 = UInt32.max
  var uint64: UInt64 = 1 << 62
}

class Base: Codable {
  var base = 1
  init() {}
}

final class Derived: Base {
  var derived = 2

  private enum CodingKeys: CodingKey { case derived }

  override init() { super.init() }

  required init(from decoder: any Decoder) throws {
    derived = try decoder.container(keyedBy: CodingKeys.self).decode(Int.self, forKey: .derived)
    try super.init(from: decoder)
  }

  override func encode(to encoder: any Encoder) throws {
    try super.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(derived, forKey: .derived)
  }
}

/// Uses every kind of container by hand.
struct Handmade: Codable {
  var trace: [String] = []

  private enum Key: CodingKey { case list, inner, k, a, b }

  init() {}

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    var list = container.nestedUnkeyedContainer(forKey: .list)
    try list.encode(1)
    try list.encodeNil()
    var object = list.nestedContainer(keyedBy: Key.self)
    try object.encode("v", forKey: .k)
    var array = list.nestedUnkeyedContainer()
    try array.encode(2.5)
    try true.encode(to: list.superEncoder())
    var inner = container.nestedContainer(keyedBy: Key.self, forKey: .inner)
    try inner.encode(1, forKey: .a)
    try "base".encode(to: container.superEncoder())
    // Asking for the same container again goes on with it.
    var again = container.nestedContainer(keyedBy: Key.self, forKey: .inner)
    try again.encode(2, forKey: .b)
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    var list = try container.nestedUnkeyedContainer(forKey: .list)
    trace.append("\(try list.decode(Int.self))")
    trace.append(try list.decodeNil() ? "nil" : "")
    trace.append(try list.nestedContainer(keyedBy: Key.self).decode(String.self, forKey: .k))
    var array = try list.nestedUnkeyedContainer()
    trace.append("\(try array.decode(Double.self))")
    trace.append("\(try Bool(from: try list.superDecoder()))")
    let inner = try container.nestedContainer(keyedBy: Key.self, forKey: .inner)
    trace.append("\(try inner.decode(Int.self, forKey: .a))")
    trace.append("\(try inner.decode(Int.self, forKey: .b))")
    trace.append(try String(from: try container.superDecoder()))
  }
}
