import Foundation
import JSON
import Testing

@Suite struct JSONDecodingTests {
  struct Model: Codable, Equatable {
    struct Preprocessing: Codable, Equatable {
      var mean: [Double]
      var std: [Double]?
    }
    enum Kind: String, Codable { case resnet, lenet }

    var name: String
    var classes: UInt8
    var kind: Kind?
    var preprocessing: Preprocessing?
    var extra: [String: Int]?
  }

  private func message<T: Decodable>(_ type: T.Type, _ text: String, rejectUnknownKeys: Bool = false) -> String {
    do throws(JSONError) {
      _ = try JSONDecoding.decode(
        type, from: Data(text.utf8), source: "model.json", rejectUnknownKeys: rejectUnknownKeys)
      return ""
    } catch {
      return error.description
    }
  }

  @Test func missingAndNullOptionalsAreNil() throws {
    for text in [#"{"name": "a", "classes": 10}"#, #"{"name": "a", "classes": 10.0, "preprocessing": null}"#] {
      let model = try JSONDecoding.decode(Model.self, from: Data(text.utf8), source: "model.json")
      #expect(model == Model(name: "a", classes: 10))
    }
  }

  @Test(arguments: [
    ("[]", "$: expected object, got array"),
    ("{}", "$: missing key `name`"),
    (#"{"nmae": "a"}"#, "$: missing key `name`; did you mean it by `nmae`?"),
    (#"{"name": 1}"#, "$.name: expected string, got integer"),
    (#"{"name": null}"#, "$.name: expected string, got null"),
    (#"{"name": "a", "classes": "10"}"#, "$.classes: expected integer, got string"),
    (#"{"name": "a", "classes": 1.5}"#, "$.classes: expected integer, got number 1.5"),
    (
      #"{"name": "a", "classes": 256}"#, "$.classes: number 256 is out of range, expected an integer in 0...255"
    ),
    (#"{"name": "a", "classes": -1}"#, "$.classes: number -1 is out of range, expected an integer in 0...255"),
    (
      #"{"name": "a", "classes": 1e300}"#,
      "$.classes: number 1e+300 is out of range, expected an integer in 0...255"
    ),
    (
      #"{"name": "a", "classes": 1, "preprocessing": {"mean": [0.5, "0.5"]}}"#,
      "$.preprocessing.mean[1]: expected number, got string"
    ),
    (
      #"{"name": "a", "classes": 1, "preprocessing": {"mean": 0.5}}"#,
      "$.preprocessing.mean: expected array, got number 0.5"
    ),
    (#"{"name": "a", "classes": 1, "preprocessing": 5}"#, "$.preprocessing: expected object, got integer"),
    (
      #"{"name": "a", "classes": 1, "kind": "vgg"}"#,
      "$.kind: Cannot initialize Kind from invalid String value vgg"
    ),
  ])
  func refusals(text: String, expected: String) {
    #expect(message(Model.self, text) == "model.json: " + expected)
  }

  @Test func unknownKeysAreIgnoredOnlyOnRequest() {
    let cases = [
      (#"{"name": "a", "classes": 1, "knid": "lenet"}"#, "$: unknown key `knid`; did you mean `kind`?"),
      (#"{"name": "a", "classes": 1, "Kind": "lenet"}"#, "$: unknown key `Kind`; did you mean `kind`?"),
      // Not `name`, which is there.
      (#"{"name": "a", "classes": 1, "names": 1}"#, "$: unknown key `names`"),
      (
        #"{"name": "a", "classes": 1, "preprocessing": {"mean": [], "sdt": []}}"#,
        "$.preprocessing: unknown key `sdt`; did you mean `std`?"
      ),
    ]
    for (text, expected) in cases {
      #expect(message(Model.self, text) == "")
      #expect(message(Model.self, text, rejectUnknownKeys: true) == "model.json: " + expected)
    }
    #expect(
      message(Model.self, #"{"name": "a", "classes": 1, "extra": {"b": 1}}"#, rejectUnknownKeys: true) == "")
    #expect(message(JSONValue.self, #"{"b": {"c": 1}}"#, rejectUnknownKeys: true) == "")
    #expect(
      message([Layer].self, #"[{"convolution": {"channels": 8, "stride": 1, "pad": 1}}]"#, rejectUnknownKeys: true)
        == "model.json: $[0].convolution: unknown key `pad`")
    #expect(
      message(Tagged.self, #"{"type": "a", "value": 1, "more": 2}"#, rejectUnknownKeys: true)
        == "model.json: $: unknown key `more`")
    #expect(message(Tagged.self, #"{"type": "a", "value": 1}"#, rejectUnknownKeys: true) == "")
  }

  @Test func unknownKeysOfManyAndOfNestedContainers() {
    let keys = (0..<80).map { "\"key\($0)\": \($0)" }
    for unread in [0, 17, 63, 64, 79] {
      let text = "{" + keys.reversed().joined(separator: ", ") + "}"
      #expect(message(Many.self, text, rejectUnknownKeys: true).isEmpty)
      let renamed = text.replacing("\"key\(unread)\"", with: "\"kex\(unread)\"")
      #expect(
        message(Many.self, renamed, rejectUnknownKeys: true).hasPrefix("model.json: $: missing key `key\(unread)`"))
      let more = "{\"more\": 0, " + keys.joined(separator: ", ") + "}"
      #expect(message(Many.self, more, rejectUnknownKeys: true) == "model.json: $: unknown key `more`")
    }
    // What either of two looks at a nested container asks for is known to both.
    #expect(message(Outer.self, #"{"inner": {"a": 1, "b": 2}}"#, rejectUnknownKeys: true) == "")
    #expect(
      message(Outer.self, #"{"inner": {"a": 1, "b": 2, "d": 3}}"#, rejectUnknownKeys: true)
        == "model.json: $.inner: unknown key `d`; did you mean `c`?")
  }

  struct Many: Decodable {
    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Name.self)
      for index in 0..<80 { _ = try container.decode(Int.self, forKey: Name("key\(index)")) }
    }
  }

  struct Outer: Decodable {
    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Name.self)
      for name in ["a", "b"] {
        let inner = try container.nestedContainer(keyedBy: Name.self, forKey: Name("inner"))
        _ = try inner.decode(Int.self, forKey: Name(name))
        _ = try inner.decodeIfPresent(Int.self, forKey: Name("c"))
      }
    }
  }

  struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(_ name: String) { stringValue = name }
    init(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
  }

  /// Reads its tag, then hands the same object on.
  struct Tagged: Decodable {
    struct Payload: Decodable { var value: Int }
    private enum Key: CodingKey { case type }

    init(from decoder: any Decoder) throws {
      _ = try decoder.container(keyedBy: Key.self).decode(String.self, forKey: .type)
      _ = try decoder.singleValueContainer().decode(Payload.self)
    }
  }

  @Test func arraysThatEndEarlyAndErrorsOfTheType() {
    #expect(message(Pair.self, "[1]") == "model.json: $: expected more elements, got an array of 1")
    #expect(message([Pair].self, "[[1, 2], [2, 1]]") == "model.json: $[1]: 2 comes after 1")
  }

  struct Pair: Decodable {
    struct Disorder: Error, CustomStringConvertible { let description: String }

    init(from decoder: any Decoder) throws {
      var container = try decoder.unkeyedContainer()
      let (first, second) = (try container.decode(Int.self), try container.decode(Int.self))
      if first > second { throw Disorder(description: "\(first) comes after \(second)") }
    }
  }

  @Test func numbersBeyondFloatAreRefused() {
    #expect(
      message([Float].self, "[1e39]")
        == "model.json: $[0]: number 1e+39 is out of range, expected a 32-bit floating-point number")
    #expect(message([Double].self, "[1, 9007199254740993]") == "")
  }
}
