import ArgumentParser
import BenchCore
import Checkpoints
import Foundation
import JSON
import Text

/// `pags-bench reclassify`: a rule applied to stored samples.
struct ReclassifyCommand: ReportingCommand {
  static let configuration = CommandConfiguration(
    commandName: "reclassify", abstract: "Applies a version of the regime rule to stored samples, without the models.",
    discussion: """
      Takes result files, or folders that are searched for them, each with its samples (<name>.samples.safetensors) beside it, \
      and prints the verdict. With --write the result files are replaced, all or none.

      Samples from before rule v2 hold what v1 needs; for v2 their models must be evaluated again.
      """)

  @Argument(help: ArgumentHelp("Result files, or folders of them.", valueName: "result"), completion: .file())
  var results: [String]

  @Option(
    help: "Version of the rule: \(RegimeRule.versions.joined(separator: ", ")).", completion: .list(RegimeRule.versions)
  )
  var rule: String = RegimeRule.version

  @Option(
    help: ArgumentHelp(
      "Result of the standard twin, measured on the same images with its samples beside it.", valueName: "result"),
    completion: .file())
  var standard: String?

  @Option(
    help: ArgumentHelp(
      "Thresholds of the rule, as `tasks calibrate` writes them. (default: those the samples were measured with)",
      valueName: "file"), completion: .file())
  var criteria: String?

  @Flag(help: "Replace the regime in the result files.")
  var write = false

  @OptionGroup(title: "What is said, and where") var reporting: ReportingOptions

  func validate() throws {
    guard RegimeRule.versions.contains(rule) else {
      throw ValidationError(Nearest.unknown("there is no rule", rule, among: RegimeRule.versions))
    }
  }

  /// What is printed of a result.
  private struct Verdict: Encodable {
    let file: String
    let model: String
    let rule: String
    let before: RegimeLabel
    let regime: RegimeVerdict
  }

  func run() throws {
    let files = try ResultFiles.under(results)
    guard !files.isEmpty else { throw ReclassifyError.nothing(results) }
    let standard = try standard.map { path in
      let url = URL(fileURLWithPath: path)
      return (result: try ResultFile.read(url), samples: try SampleFile.read(SampleFile.url(beside: url)).samples)
    }
    let criteria = try criteria.map { try CriteriaFile.read(URL(fileURLWithPath: $0)) }
    var outcomes: [(url: URL, outcome: EvaluationOutcome, verdict: Verdict)] = []
    for url in files {
      let samples = SampleFile.url(beside: url)
      guard FileManager.default.fileExists(atPath: samples.path) else { throw ReclassifyError.noSamples(url.path) }
      let result = try ResultFile.read(url)
      let outcome: EvaluationOutcome
      do {
        outcome = try Reclassification.outcome(
          result, SampleFile.read(samples), version: rule, standard: standard,
          criteria: criteria?.of(result.task.id, version: result.task.version))
      } catch let error as RegimeRuleError {
        throw ReclassifyError.notApplicable(url.path, error)
      }
      let verdict = Verdict(
        file: url.path, model: result.model.id, rule: rule, before: result.regime.label, regime: outcome.result.regime)
      outcomes.append((url, outcome, verdict))
    }
    if write {
      // All of them before the first is replaced.
      for (url, outcome, _) in outcomes {
        let problems = ResultValidation.problems(in: outcome.result)
        guard problems.isEmpty else { throw ResultError.invalid(file: url.path, problems: problems) }
      }
      for (url, outcome, _) in outcomes {
        if standard != nil { try AtomicFile.write(SampleFile.encode(outcome), to: SampleFile.url(beside: url).path) }
        try ResultFile.write(outcome.result, to: url)
      }
    }
    let verdicts = outcomes.map(\.verdict)
    try reporting.result(verdicts, text: Self.table(verdicts))
  }

  private static func table(_ verdicts: [Verdict]) -> String {
    verdicts.map { verdict in
      let text = ResultSummary.verdict(verdict.regime)
      return "\(verdict.model): \(text)"
        + (verdict.before == verdict.regime.label ? "" : " (was \(verdict.before.word))")
    }.joined(separator: "\n")
  }
}

enum ReclassifyError: Error, CustomStringConvertible {
  case noSamples(String)
  case nothing([String])
  case notApplicable(String, RegimeRuleError)

  var description: String {
    switch self {
    case .noSamples(let path):
      "\(path): there are no samples beside it (<name>.samples.safetensors), which `evaluate` writes and git does not keep; "
        + "evaluate the model again"
    case .notApplicable(let path, let error): "\(path): \(error)"
    case .nothing(let paths):
      "\(paths.joined(separator: ", ")): there is no result file with samples beside it"
    }
  }
}
