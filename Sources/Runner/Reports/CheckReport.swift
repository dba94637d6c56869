import BenchCore
import Conformance
import Foundation

/// The outcome of `plugins check` for people and for programs.
struct CheckReport {
  private let outcome: ConformanceOutcome
  private let images: CheckImages.Chosen
  private let model: LoadReport

  init(_ outcome: ConformanceOutcome, images: CheckImages.Chosen, model: LoadReport) {
    self.outcome = outcome
    self.images = images
    self.model = model
  }

  var text: String {
    (model.lines + ["checked with \(images.origin)", ""] + Self.lines(outcome)).joined(separator: "\n")
  }

  /// One line for each check, more where there is something to say, and the sum.
  static func lines(_ outcome: ConformanceOutcome) -> [String] {
    let margin = String(repeating: " ", count: 9)
    var lines: [String] = []
    for check in outcome.checks {
      lines.append("\(word(check.status).padded(9))\(check.requirement.title) (\(check.requirement.rawValue))")
      for finding in check.findings.prefix(3) {
        // What follows the first line is a program's, such as a traceback, and keeps its form.
        let parts = finding.split(separator: "\n")
        lines += ResultSummary.wrapped(String(parts.first ?? ""), indent: margin + "- ", hanging: margin + "  ")
        lines += parts.dropFirst().map { "\(margin)  \($0)" }
      }
      if check.findings.count > 3 { lines.append(margin + "- and \(check.findings.count - 3) more like these") }
      guard check.status == .failed || check.status == .remarked else { continue }
      lines += ResultSummary.wrapped(
        "What it means: \(check.requirement.meaning).", indent: margin, hanging: margin)
      guard check.status == .failed, let advice = check.requirement.advice else { continue }
      lines += ResultSummary.wrapped("What to do: \(advice).", indent: margin, hanging: margin)
    }
    let failures = outcome.failures
    lines.append("")
    lines.append(
      failures.isEmpty
        ? "conforms: what is measured of this model is sound"
        : "\(failures.count) of \(outcome.checks.count) checks failed ("
          + failures.map(\.requirement.rawValue).joined(separator: ", ") + "): do not trust measurements of this model")
    return lines
  }

  /// What is printed with `--json`.
  struct Document: Encodable {
    struct Check: Encodable {
      let requirement: String
      let title: String
      let status: String
      let findings: [String]
      let meaning: String
      let advice: String?
    }

    let model: String
    let reading: [String]
    let images: String
    let passed: Bool
    let checks: [Check]
  }

  var document: Document {
    Document(
      model: outcome.subject, reading: model.lines, images: images.origin, passed: outcome.passed,
      checks: outcome.checks.map {
        .init(
          requirement: $0.requirement.rawValue, title: $0.requirement.title, status: $0.status.rawValue,
          findings: $0.findings, meaning: $0.requirement.meaning, advice: $0.requirement.advice)
      })
  }

  private static func word(_ status: ConformanceOutcome.Status) -> String {
    switch status {
    case .passed: "ok"
    case .remarked: "note"
    case .failed: "FAILED"
    case .skipped: "-"
    }
  }
}
