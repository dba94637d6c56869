import Foundation
import JSON
import Testing

/// Parses `text`, or returns the error's message.
func outcome(_ text: String, maximumDepth: Int = 64) -> Result<JSONValue, JSONError> {
  Result { () throws(JSONError) in
    try JSONDecoding.parse(Data(text.utf8), source: "model.json", maximumDepth: maximumDepth)
  }
}

/// The message of the error that `text` causes; empty if it is accepted.
func message(_ text: String, maximumDepth: Int = 64) -> String {
  if case .failure(let error) = outcome(text, maximumDepth: maximumDepth) { error.description } else { "" }
}

@Suite struct JSONParsingTests {
  @Test func everyKindOfValue() throws {
    let text = #" {"a": [null, true, false, 1, -2.5e1, "x"], "b": {}, "c": [], "d": {"e": 0}} "# + "\r\n\t"
    let value = try outcome(text).get()
    #expect(
      value
        == .object([
          JSONMember(
            key: "a", value: .array([.null, .bool(true), .bool(false), .integer(1), .number(-25), .string("x")])),
          JSONMember(key: "b", value: .object([])),
          JSONMember(key: "c", value: .array([])),
          JSONMember(key: "d", value: .object([JSONMember(key: "e", value: .integer(0))])),
        ]))
    #expect(value["d"]?["e"]?.intValue == 0)
    #expect(value["a"]?.arrayValue?[3].doubleValue == 1)
    #expect(value["a"]?.arrayValue?[1].boolValue == true)
    #expect(value["a"]?.arrayValue?[5].stringValue == "x")
    #expect(value["a"]?.arrayValue?[4].intValue == -25)
    #expect(value["b"]?.objectValue?.isEmpty == true)
    #expect(value["z"] == nil && value["a"]?["z"] == nil)
  }

  @Test(arguments: [
    ("null", JSONValue.null), ("true", .bool(true)), ("0", .integer(0)), ("-0.0", .number(-0.0)),
    (" 12 ", .integer(12)), ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
    ("1E+2", .number(100)), ("1e-400", .number(0)), ("\"\"", .string("")), ("[]", .array([])), ("{}", .object([])),
  ])
  func documentsOfOneValue(text: String, value: JSONValue) throws {
    #expect(try outcome(text).get() == value)
  }

  /// The nearest double, whatever way it is written: what the standard library reads.
  @Test func numbersAreReadToTheNearest() throws {
    var generator = SystemRandomNumberGenerator()
    var texts = [
      "0.1", "0.30000000000000004", "1.7976931348623157e308", "5e-324", "9007199254740993.0", "9007199254740992.5",
      "1.00000000000000011102230246251565", "1844674407370955161.9", "18446744073709551615.0", "0.000e5", "-0.0000",
      "123456789012345678.9e-19", "4.35", "2.5e-1", "1e22", "1e23", "8.5e-19", "0.1e1000000000000000000000000000",
    ]
    for _ in 0..<20_000 {
      let digits = String(
        UInt64.random(in: 0...(.max), using: &generator) >> UInt64.random(in: 0..<64, using: &generator))
      let place = digits.index(digits.startIndex, offsetBy: Int.random(in: 0..<digits.count, using: &generator))
      let whole = digits[..<place].isEmpty ? "0" : String(digits[..<place])
      texts.append("\(whole).\(digits[place...])e\(Int.random(in: -25...25, using: &generator))")
      texts.append("\(Double.random(in: 0..<1, using: &generator))")
    }
    // Halfway between two doubles, and beside it.
    for exponent in 0..<10 {
      let middle = UInt64(1) << 53 | UInt64.random(in: 0..<(1 << 53), using: &generator) | 1
      texts += ["\(middle - 1)", "\(middle)", "\(middle + 1)"].map { "\($0).0e-\(exponent)" }
    }
    for text in texts {
      guard let expected = Double(text), expected.isFinite else {
        #expect(message(text).contains("out of range"))
        continue
      }
      #expect(try outcome(text).get() == .number(expected), "\(text)")
    }
  }

  @Test func escapesAreResolved() throws {
    let text = #""\"\\\/\b\f\n\r\t\u00e9\u20AC\ud83d\ude00\u0000é€😀""#
    #expect(try outcome(text).get() == .string("\"\\/\u{8}\u{c}\n\r\té€😀\0é€😀"))
  }

  @Test func keysKeepTheirOrder() throws {
    let keys = (0..<1000).map { "key\($0 * 7919 % 1000)" }
    let text = "{" + keys.map { "\"\($0)\":0" }.joined(separator: ",") + "}"
    #expect(try outcome(text).get().objectValue?.map(\.key) == keys)
  }

  @Test func slicesOfDataAreReadFromTheirOwnStart() throws {
    let data = Data("xx[1]yy".utf8).dropFirst(2).dropLast(2)
    #expect(try JSONDecoding.parse(data, source: "slice") == .array([.integer(1)]))
  }

  @Test(arguments: [
    ("", "line 1, column 1 (byte 0): the text ends, expected a value"),
    ("[1,\n 2,, 3]", "line 2, column 4 (byte 7): expected a value, got `,`"),
    ("[1,]", "line 1, column 4 (byte 3): expected a value after the comma"),
    ("{\"a\":1,}", "line 1, column 8 (byte 7): expected a key in double quotes, got `}`"),
    ("[1 2]", "line 1, column 4 (byte 3): expected `,` or `]`, got `2`"),
    ("{\"a\" 1}", "line 1, column 6 (byte 5): expected `:` after the key, got `1`"),
    ("{\"a\":1]", "line 1, column 7 (byte 6): expected `,` or `}`, got `]`"),
    ("{'a':1}", "line 1, column 2 (byte 1): expected a key in double quotes, got `'`"),
    ("[NaN]", "line 1, column 2 (byte 1): expected a value; JSON has no NaN and no Infinity"),
    ("[-Infinity]", "line 1, column 3 (byte 2): expected a digit, got `I`"),
    ("nul", "line 1, column 4 (byte 3): the text ends, expected `null`"),
    ("True", "line 1, column 1 (byte 0): expected a value, got `T`"),
    ("01", "line 1, column 2 (byte 1): a number must not start with 0"),
    ("-01.5", "line 1, column 3 (byte 2): a number must not start with 0"),
    ("1.", "line 1, column 3 (byte 2): the text ends, expected a digit"),
    (".5", "line 1, column 1 (byte 0): expected a value, got `.`"),
    ("+1", "line 1, column 1 (byte 0): expected a value, got `+`"),
    ("1e", "line 1, column 3 (byte 2): the text ends, expected a digit"),
    ("/* x */ 1", "line 1, column 1 (byte 0): expected a value, got `/`"),
    ("\"a\nb\"", "line 1, column 3 (byte 2): a control character in a string, byte 0xa; write it as an escape"),
    (#""\x""#, "line 1, column 3 (byte 2): expected one of \"\\/bfnrtu after a backslash, got `x`"),
    (#""\u12g4""#, "line 1, column 6 (byte 5): expected four hexadecimal digits, got `g`"),
    (#"["\ud800"]"#, "line 1, column 3 (byte 2): a surrogate escape without its other half"),
    (#"["\udc00x"]"#, "line 1, column 3 (byte 2): a surrogate escape without its other half"),
    (#"["\ud800\u0041"]"#, "line 1, column 3 (byte 2): a surrogate escape without its other half"),
    ("\u{FEFF}{}", "line 1, column 1 (byte 0): the file starts with a byte order mark; save it as UTF-8 without one"),
    ("[1]\u{0}", "line 1, column 4 (byte 3): expected the end of the file after the JSON value"),
    ("[\u{0}]", "line 1, column 2 (byte 1): expected a value, got byte 0x0"),
    ("{} {}", "line 1, column 4 (byte 3): expected the end of the file after the JSON value"),
    ("1 x", "line 1, column 3 (byte 2): expected the end of the file after the JSON value"),
    (
      #"{"a": {"b": 1, "c": 2, "b": 3}}"#,
      "$.a: key `b` occurs twice, again at line 1, column 24 (byte 23); remove one"
    ),
    (#"[0, {"\u0062": 1, "b": 3}]"#, "$[1]: key `b` occurs twice, again at line 1, column 19 (byte 18); remove one"),
    (#"{"é": 1, "\u00e9": 3}"#, "$: key `é` occurs twice, again at line 1, column 11 (byte 10); remove one"),
    (#"{"a\u0000b": 1}"#, "$: line 1, column 2 (byte 1): a key contains the character U+0000"),
    (
      #"{"a": [9223372036854775808]}"#,
      "$.a[0]: number 9223372036854775808 is out of range, expected a 64-bit integer; write it as a string"
    ),
    (
      #"{"a b": 1e400}"#, #"$["a b"]: number 1e400 is out of range, expected a 64-bit floating-point number"#
    ),
    ("[1, -1e999]", "$[1]: number -1e999 is out of range, expected a 64-bit floating-point number"),
  ])
  func refusals(text: String, expected: String) {
    #expect(message(text) == "model.json: " + expected)
  }

  @Test(arguments: [
    [0x22, 0xFF, 0x22], [0x22, 0x61, 0xC3, 0x22], [0x22, 0xC0, 0xAF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
    [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], [0x22, 0x80, 0x22],
  ])
  func invalidUTF8(bytes: [UInt8]) {
    let error = #expect(throws: JSONError.self) { try JSONDecoding.parse(Data(bytes), source: "a") }
    guard case .invalidUTF8(_, let position) = error else {
      Issue.record("\(bytes): \(String(describing: error))")
      return
    }
    #expect(position.byteOffset == (bytes[1] == 0x61 ? 2 : 1))
  }

  @Test func otherEncodingsAreRefused() {
    for data in [Data([0xFF, 0xFE, 0x7B, 0, 0x7D, 0]), Data([0, 0x7B, 0, 0x7D])] {
      #expect(throws: JSONError.self) { try JSONDecoding.parse(data, source: "utf16") }
    }
  }
}
