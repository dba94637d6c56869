import Foundation
import JSON
import Testing

@Suite struct JSONHostileTests {
  @Test func nestingStopsAtTheLimit() throws {
    for (opening, closing) in [("[", "]"), (#"{"a":"#, "}")] {
      for limit in [1, 2, 64, 512] {
        let nested = { String(repeating: opening, count: $0) + "0" + String(repeating: closing, count: $0) }
        var value = try outcome(nested(limit), maximumDepth: limit).get()
        var depth = 0
        while let inner = value.arrayValue?.first ?? value["a"] { (value, depth) = (inner, depth + 1) }
        #expect(depth == limit)
        #expect(message(nested(limit + 1), maximumDepth: limit).hasSuffix("nest deeper than \(limit) levels"))
      }
    }
  }

  @Test func aHundredThousandBracketsEndInAnError() {
    for opening in ["[", #"{"a":"#, #"[{"a":"#] {
      let text = String(repeating: opening, count: 100_000)
      #expect(message(text).contains("nest deeper than 64 levels"))
      #expect(message(text, maximumDepth: 512).contains("nest deeper than 512 levels"))
    }
  }

  static let sample = #"""
    {"id": "résumé\ud83d\ude00", "mean": [0.49, 4.8e-1, -1],
     "nested": {"a": null, "b": [true, false, {}], "empty": []}, "text": "\"\\\/"}
    """#

  @Test func everyTruncationIsAnError() throws {
    let data = Data(Self.sample.utf8)
    _ = try JSONDecoding.parse(data, source: "sample")
    for length in 0..<data.count {
      #expect(throws: JSONError.self, "\(length) bytes") {
        try JSONDecoding.parse(data.prefix(length), source: "sample")
      }
    }
  }

  @Test func anyChangedByteIsAnErrorOrReadsBackTheSame() throws {
    let data = Data(Self.sample.utf8)
    for index in data.indices {
      for byte in UInt8.min...UInt8.max {
        var changed = data
        changed[index] = byte
        guard let value = try? JSONDecoding.parse(changed, source: "sample") else { continue }
        #expect(try JSONDecoding.parse(JSONEncoding.encodeCompact(value), source: "again") == value)
      }
    }
  }

  @Test func longNumbersAndStrings() throws {
    let digits = String(repeating: "1", count: 100_000)
    #expect(message(digits).contains("is out of range, expected a 64-bit integer"))
    #expect(message(digits).utf8.count < 200)
    #expect(message(digits + ".0").contains("is out of range"))
    #expect(try outcome("0." + digits).get() == .number(1.0 / 9))
    #expect(message("1e" + digits).contains("is out of range"))
    let text = String(repeating: "é\0", count: 50_000)
    let data = try JSONEncoding.encode(text)
    #expect(try JSONDecoding.decode(String.self, from: data, source: "long") == text)
  }

  @Test func messagesStayOnOneLine() {
    let text = #"{"a\nb": 1, "a\nb": 2}"#
    #expect(
      message(text) == "model.json: $: key `aU+000Ab` occurs twice, again at line 1, column 13 (byte 12); remove one")
  }
}
