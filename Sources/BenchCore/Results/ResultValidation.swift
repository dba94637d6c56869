import Foundation
import Text

/// What JSON Schema would check of a result file, and what it cannot: that its numbers agree with each other.
package enum ResultValidation {
  /// Everything that is wrong, each with its path in the file; empty for a valid result.
  package static func problems(in result: EvaluationResult) -> [String] {
    var collector = ProblemCollector()
    collector.require(
      result.schemaVersion == EvaluationResult.currentSchemaVersion, "schemaVersion",
      "is \(result.schemaVersion), expected \(EvaluationResult.currentSchemaVersion)")
    collector.check(result.model)
    collector.check(result.task)
    collector.check(result.task.secondReference, result.measurements.secondImageAlignment)
    collector.check(result.measurementProtocol, task: result.task)
    collector.check(result.measurements, result.measurementProtocol, of: result.task)
    collector.check(result.robustness, result)
    collector.check(result.direction, result)
    collector.check(result.roar)
    collector.check(result.regime, result)
    collector.check(result.provenance)
    if let evaluator = result.externalEvaluation?.evaluator {
      collector.require(
        (1...200).contains(evaluator.count), "externalEvaluation.evaluator",
        "has \(evaluator.count) characters, expected 1 to 200")
    }
    return collector.problems
  }

  /// `[a-z0-9][a-z0-9._-]*`: what a model, a task or a plugin may be called. Such a name is also a safe file name.
  package static func isIdentifier(_ text: String) -> Bool {
    guard let first = text.utf8.first, text.utf8.count <= 100 else { return false }
    return isAlphanumeric(first)
      && text.utf8.allSatisfy { byte in
        isAlphanumeric(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
      }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  /// A text as an identifier: lower case, what it may not hold replaced by `-`, cut at the limit, which leaves room for a
  /// suffix.
  /// - Returns: nil where nothing is left.
  package static func identifier(from text: String, limit: Int = 80) -> String? {
    let mapped = text.lowercased().map { character -> Character in
      character.isASCII && (character.isLetter || character.isNumber || "._-".contains(character)) ? character : "-"
    }
    let identifier = String(mapped.drop { !($0.isLetter || $0.isNumber) }.prefix(limit))
    return identifier.isEmpty ? nil : identifier
  }

  /// 64 lower-case hexadecimal digits.
  static func isDigest(_ text: String) -> Bool {
    text.utf8.count == 64
      && text.utf8.allSatisfy {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
      }
  }
}

/// What the counts of a result may be: far above what anybody measures, and small enough to be computed with. They are those
/// of `leaderboard/schema/result.schema.json`.
enum ResultBounds {
  static let images = 1...1_000_000
  static let draws = 1...1000
  static let parameters = 0...1_000_000_000_000
  static let bytes = 1...1 << 50
  static let dimension = 0...1 << 31
  static let version = 1...1_000_000
  static let threads = 1...100_000
}

/// Problems found so far. A path is put together when there is one.
struct ProblemCollector {
  private(set) var problems: [String] = []

  mutating func require(_ condition: Bool, _ path: @autoclosure () -> String, _ problem: @autoclosure () -> String) {
    if !condition { problems.append("\(path()) \(problem())") }
  }

  mutating func requireIdentifier(_ text: String, _ path: @autoclosure () -> String) {
    require(
      ResultValidation.isIdentifier(text), path(),
      "is `\(text)`, expected lower-case letters, digits, `.`, `_`, `-`, not beginning with a sign")
  }

  mutating func requireDigest(_ text: String, _ path: @autoclosure () -> String) {
    require(ResultValidation.isDigest(text), path(), "is `\(text)`, expected 64 lower-case hexadecimal digits")
  }

  /// A count with bounds.
  mutating func require(_ value: Int, in range: ClosedRange<Int>, _ path: @autoclosure () -> String) {
    require(range.contains(value), path(), "is \(value), expected \(range.lowerBound) to \(range.upperBound)")
  }

  /// A number that must be finite and in a range.
  mutating func require(_ value: Double?, in range: ClosedRange<Double>, _ path: @autoclosure () -> String) {
    guard let value else { return }
    require(
      value.isFinite && range.contains(value), path(),
      "is \(value), expected a number in [\(brief(range.lowerBound)), \(brief(range.upperBound))]")
  }

  mutating func check(
    _ estimate: Estimate, in range: ClosedRange<Double>, images: Int? = nil, _ path: @autoclosure () -> String
  ) {
    // A mean computed from resample counts may differ from the plain mean in its last digits.
    let slack = 1e-9 * max(1, abs(estimate.value ?? 0))
    let widened = range.lowerBound - slack...range.upperBound + slack
    require(estimate.value, in: widened, "\(path()).value")
    require(estimate.low, in: widened, "\(path()).low")
    require(estimate.high, in: widened, "\(path()).high")
    let (low, high) = (estimate.low ?? -.infinity, estimate.high ?? .infinity)
    require(low <= high, path(), "has low \(low) above high \(high)")
    if let value = estimate.value {
      require(low - slack <= value && value <= high + slack, path(), "has value \(value) outside [\(low), \(high)]")
    }
    if let undefined = estimate.undefinedImages {
      require(
        (1...max(1, images ?? ResultBounds.images.upperBound)).contains(undefined), "\(path()).undefinedImages",
        "is \(undefined)")
    }
  }
}

extension ProblemCollector {
  fileprivate mutating func check(_ model: ModelRecord) {
    requireIdentifier(model.id, "model.id")
    requireIdentifier(model.plugin.id, "model.plugin.id")
    require(!model.name.isEmpty, "model.name", "is empty")
    require(!model.architecture.isEmpty, "model.architecture", "is empty")
    require(model.parameters, in: ResultBounds.parameters, "model.parameters")
    if let checkpoint = model.checkpoint { check(checkpoint, "model.checkpoint") }
    if let weights = model.weights {
      let problem = weights.isEmpty ? "is empty" : PlainText.problem(in: weights)
      require(problem == nil, "model.weights", problem ?? "")
    }
    let (mean, std) = (model.preprocessing.mean, model.preprocessing.std)
    require(
      !mean.isEmpty && mean.count == std.count && mean.allSatisfy(\.isFinite)
        && std.allSatisfy { $0.isFinite && $0 > 0 }, "model.preprocessing",
      "is mean \(mean), std \(std), expected as many finite means as positive deviations")
    if let resize = model.preprocessing.resize {
      require(
        resize.count == 2 && resize.allSatisfy(Preprocessing.sides.contains), "model.preprocessing.resize",
        "is \(resize), expected [height, width], each in \(Preprocessing.sides)")
    }
  }

  fileprivate mutating func check(_ task: TaskRecord) {
    requireIdentifier(task.id, "task.id")
    require(task.version, in: ResultBounds.version, "task.version")
    if let manifold = task.manifold {
      requireIdentifier(manifold.id, "task.manifold.id")
      require(manifold.dimension, in: ResultBounds.dimension, "task.manifold.dimension")
      check(manifold.learned, "task.manifold.learned")
      check(manifold)
    }
    if let score = task.score {
      requireIdentifier(score.id, "task.score.id")
      check(score.learned, "task.score.learned")
      check(score)
      for (index, noise) in score.noise.enumerated() {
        require(noise, in: 0...1e6, "task.score.noise[\(index)]")
      }
    }
    if let density = task.density { requireIdentifier(density.id, "task.density.id") }
    if let quality = task.quality {
      require(task.density != nil, "task.quality", "is that of a density, which is absent")
      require(quality.manifoldDimension, in: ResultBounds.dimension, "task.quality.manifoldDimension")
      require(quality.images, in: 0...ResultBounds.images.upperBound, "task.quality.images")
      require(quality.accuracy, in: 0...1, "task.quality.accuracy")
      require(
        quality.heldOutLogLikelihood, in: -.greatestFiniteMagnitude...(.greatestFiniteMagnitude),
        "task.quality.heldOutLogLikelihood")
    }
    check(task.criteria)
    requireDigest(task.dataset.digest, "task.dataset.digest")
  }

  mutating func check(_ checkpoint: ModelRecord.Checkpoint, _ path: String) {
    requireDigest(checkpoint.sha256, "\(path).sha256")
    require(checkpoint.bytes, in: ResultBounds.bytes, "\(path).bytes")
    let isBare = !checkpoint.file.isEmpty && !checkpoint.file.hasPrefix(".") && !checkpoint.file.contains("/")
    require(isBare, "\(path).file", "is `\(checkpoint.file)`, expected a file name without folders")
  }

  fileprivate mutating func check(_ settings: ProtocolRecord, task: TaskRecord) {
    require(settings.images, in: ResultBounds.images, "protocol.images")
    require(settings.seed <= UInt64(Int64.max), "protocol.seed", "is \(settings.seed), expected at most \(Int64.max)")
    require(
      settings.images == task.dataset.images, "protocol.images",
      "is \(settings.images), task.dataset.images \(task.dataset.images)")
    for (index, step) in settings.stepSizes.enumerated() {
      require(step.isFinite && step > 0, "protocol.stepSizes[\(index)]", "is \(step), expected a positive number")
    }
    for (index, noise) in settings.alignmentNoises.enumerated() {
      require(noise, in: 0...1e6, "protocol.alignmentNoises[\(index)]")
    }
    require(settings.stepSizes.contains(settings.wideStep), "protocol.wideStep", "is not among stepSizes")
    require(settings.stepSizes.contains(settings.smallStep), "protocol.smallStep", "is not among stepSizes")
    require(
      settings.alignmentNoises.contains(settings.decisiveNoise), "protocol.decisiveNoise",
      "is not among alignmentNoises")
    require(
      settings.gradientTargets.contains(settings.gradientTarget), "protocol.gradientTarget",
      "is not among gradientTargets")
    require(
      RegimeRule.versions.contains(settings.rule), "protocol.rule",
      "is `\(settings.rule)`, expected \(RegimeRule.versions.joined(separator: " or "))")
    require(
      (1...1_000_000).contains(settings.bootstrapResamples), "protocol.bootstrapResamples",
      "is \(settings.bootstrapResamples), expected 1 to 1000000")
    let metrics = settings.metrics ?? []
    require(settings.metrics.map { !$0.isEmpty } ?? true, "protocol.metrics", "is empty")
    require(Set(metrics.map(\.id)).count == metrics.count, "protocol.metrics", "names one twice")
    for (index, metric) in metrics.enumerated() {
      requireIdentifier(metric.id, "protocol.metrics[\(index)].id")
      check(metric.learned, "protocol.metrics[\(index)].learned")
    }
  }

  fileprivate mutating func check(_ provenance: Provenance) {
    require(!provenance.toolVersion.isEmpty, "provenance.toolVersion", "is empty")
    require(
      (try? Date(provenance.createdAt, strategy: .iso8601)) != nil, "provenance.createdAt",
      "is `\(provenance.createdAt)`, expected ISO 8601")
    require(provenance.elapsedSeconds, in: 0...1e9, "provenance.elapsedSeconds")
    require(provenance.host.threads, in: ResultBounds.threads, "provenance.host.threads")
    guard let device = provenance.device else { return }
    require(!device.name.isEmpty, "provenance.device.name", "is empty")
    require(
      Provenance.Device.precisions.contains(device.precision), "provenance.device.precision",
      "is `\(device.precision)`, expected \(Provenance.Device.precisions.joined(separator: ", "))")
    if let images = device.imagesPerRun {
      require(images, in: ResultBounds.images, "provenance.device.imagesPerRun")
    }
  }
}
