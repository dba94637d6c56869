import BenchCore
import JSON

/// What `show` prints of one thing: a heading, named values, and commands to begin with.
struct Card: Encodable {
  struct Field: Encodable {
    let name: String
    let value: String
    /// What the value is for; nil where its name says it.
    var meaning: String?
  }

  let id: String
  /// Such as `"task"`.
  let kind: String
  let summary: String
  var fields: [Field] = []
  var examples: [String] = []

  mutating func add(_ name: String, _ value: String, _ meaning: String? = nil) {
    fields.append(Field(name: name, value: value, meaning: meaning))
  }

  var text: String {
    let margin = String(repeating: " ", count: 12)
    var lines = ResultSummary.wrapped("\(id), a \(kind): \(summary)", indent: "", hanging: "  ")
    if !fields.isEmpty { lines.append("") }
    for field in fields {
      lines += ResultSummary.wrapped(field.value, indent: field.name.padded(12), hanging: margin)
      if let meaning = field.meaning {
        lines += ResultSummary.wrapped("(\(meaning))", indent: margin, hanging: margin + " ")
      }
    }
    if !examples.isEmpty { lines += ["", examples.count == 1 ? "Example" : "Examples"] + examples.map { "  \($0)" } }
    return lines.joined(separator: "\n")
  }

  func show(_ reporting: ReportingOptions) throws {
    try reporting.result(self, text: text)
  }
}
