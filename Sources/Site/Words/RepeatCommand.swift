import BenchCore
import Text

/// The command that measures a model again as a result says it was measured.
struct RepeatCommand {
  let result: EvaluationResult
  let isSubmitted: Bool
  let needsData: Bool

  /// One line for a POSIX shell.
  var text: String {
    let data = needsData ? " --data DIR" : ""
    if isSubmitted { return "pags-bench submit models/\(result.model.id) --recheck\(data)" }
    let settings = result.measurementProtocol
    var words = ["pags-bench evaluate", subject, "--task", result.task.id + data]
    words += ["--images \(settings.images)", "--seed \(settings.seed)"]
    let preprocessing = result.model.preprocessing
    if result.model.checkpoint != nil, preprocessing.withoutResize != .identity(channels: preprocessing.mean.count) {
      words += ["--mean \(list(preprocessing.mean))", "--std \(list(preprocessing.std))"]
    }
    if result.model.checkpoint != nil, let resize = preprocessing.resize { words.append("--resize \(list(resize))") }
    if settings.clip { words.append("--clip") }
    if let attacks = result.robustness, let first = attacks.first {
      words += ["--attacks \(list(attacks.map(\.attack.id)))", "--attacked-images \(first.radii.count)"]
    }
    if let direction = result.direction {
      // A generator is a file that the result does not name.
      let names = direction.alphaDx.map(\.estimator).filter { $0 != "learned" }
      if !names.isEmpty { words.append("--direction \(list(names))") }
      if !names.isEmpty, let count = direction.referenceImages { words.append("--reference-images \(count)") }
    }
    return (words + ["--no-leaderboard --output again.json"]).joined(separator: " ")
  }

  /// The checkpoint by the name it had, or the task's own classifier, whose smoothing its id tells.
  private var subject: String {
    guard let checkpoint = result.model.checkpoint else {
      return result.model.id.hasPrefix("bayes-") ? "bayes:\(result.model.id.dropFirst(6))" : result.model.id
    }
    return Self.quoted(checkpoint.file)
  }

  private func list(_ values: [some Any]) -> String { values.map { "\($0)" }.joined(separator: ",") }

  /// A word for a shell, whatever is in it; one that would be taken for an option gets its folder.
  static func quoted(_ word: String) -> String {
    let plain = word.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: "+"):
        true
      default: false
      }
    }
    let word = word.hasPrefix("-") ? "./\(word)" : word
    return plain && !word.isEmpty ? word : "'" + OutsideText.whole(word).writing(["'": "'\\''"]) + "'"
  }
}
