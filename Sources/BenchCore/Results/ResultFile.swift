import Checkpoints
import Foundation
import JSON

/// Result files on disk.
public enum ResultFile {
  /// UTF-8 JSON with a stable key order and a final newline.
  public static func encode(_ result: EvaluationResult) throws -> Data { try JSONEncoding.encode(result) }

  /// - Parameter source: the file's name, for messages.
  /// - Throws: JSON's errors, and `ResultError.invalid` where a value contradicts the schema.
  public static func decode(_ data: Data, source: String) throws -> EvaluationResult {
    let result = try JSONDecoding.decode(EvaluationResult.self, from: data, source: source, rejectUnknownKeys: true)
    let problems = ResultValidation.problems(in: result)
    guard problems.isEmpty else { throw ResultError.invalid(file: source, problems: problems) }
    return result
  }

  public static func read(_ url: URL) throws -> EvaluationResult {
    let data: Data
    do {
      data = try Data(contentsOf: url)
    } catch {
      throw ResultError.unreadable(file: url.path, reason: error.localizedDescription)
    }
    return try decode(data, source: url.path)
  }

  /// Writes the file completely or not at all, making its folder where it is missing.
  /// - Throws: `ResultError.invalid` rather than writing what its own check would refuse.
  public static func write(_ result: EvaluationResult, to url: URL) throws {
    let problems = ResultValidation.problems(in: result)
    guard problems.isEmpty else { throw ResultError.invalid(file: url.path, problems: problems) }
    try write(try encode(result), to: url)
  }

  /// The one place where this module writes.
  static func write(_ data: Data, to url: URL) throws {
    try Folder.make(url.deletingLastPathComponent())
    try AtomicFile.write(data, to: url.path)
  }
}

/// Why a result or the leaderboard could not be read or written.
public enum ResultError: Error, Sendable, Equatable, CustomStringConvertible {
  case invalid(file: String, problems: [String])
  /// A valid result under another name than its own.
  case misplaced(file: String, expected: String)
  /// A result that was not measured and judged with the task's own references alone.
  case otherReferences(file: String)
  /// A result of a task on which no rule can be applied.
  case noVerdict(file: String, reason: String)
  /// A result on data that are not known to be the task's.
  case otherData(file: String, remark: String)
  /// A result of a device that was allowed to round more than float32 does.
  case reducedPrecision(file: String, precision: String)
  /// A result of another checkpoint than the one that was submitted under this id.
  case otherCheckpoint(model: String, submitted: String, measured: String)
  /// A result of a submitted model that was measured otherwise than the recorded one.
  case otherProtocol(model: String, recorded: String, measured: String)
  /// Another model of the same id has its result there.
  case otherModel(file: String, model: String, recorded: String?, measured: String?)
  /// A result on other images of a task of the same name is there.
  case otherImages(file: String)
  /// A result of more images is there.
  case fewerImages(file: String, recorded: Int, measured: Int)
  case unreadable(file: String, reason: String)
  case unwritable(file: String, reason: String)

  public var description: String {
    switch self {
    case .invalid(let file, let problems):
      "\(file): not a valid result: \(problems.joined(separator: "; ")); evaluate the model again"
    case .misplaced(let file, let expected):
      "\(file): holds a result whose place is \(expected); move it there"
    case .otherReferences(let file):
      "\(file): was not measured and judged with the task's own references alone and cannot be compared with the results of a "
        + "leaderboard; evaluate without --manifold, --score, --reference and --criteria"
    case .noVerdict(let file, let reason): "\(file): \(reason) A leaderboard is in the order of regimes"
    case .otherData(let file, let remark):
      "\(file): \(remark), so it cannot be compared with the results of a leaderboard; evaluate with the task's own data"
    case .reducedPrecision(let file, let precision):
      "\(file): was computed in \(precision), so it cannot be compared with the results of a leaderboard; evaluate without "
        + "--device-precision"
    case .otherCheckpoint(let model, let submitted, let measured):
      "models/\(model)/model.json: `\(model)` was submitted with the checkpoint of SHA-256 \(submitted), this result is of "
        + "\(measured); a changed checkpoint is another model: give it another id, or evaluate with --no-leaderboard"
    case .otherProtocol(let model, let recorded, let measured):
      "`\(model)` is on the leaderboard with \(recorded); this evaluation, with \(measured), does not replace that one: "
        + "pass --no-leaderboard --output FILE, and record it with `pags-bench submit --external-evaluation FILE`"
    case .otherModel(let file, let model, let recorded, let measured):
      "\(file): holds the result of another model `\(model)` (checkpoint's SHA-256 \(recorded ?? "none"), this one's "
        + "\(measured ?? "none")), which is not replaced; pass --id with a name of its own, or --leaderboard with another folder"
    case .otherImages(let file):
      "\(file): holds a result on other data, which this one does not replace; pass --id with a name of its own, or --leaderboard with "
        + "another folder"
    case .fewerImages(let file, let recorded, let measured):
      "\(file): holds a result of \(recorded) images, which one of \(measured) does not replace; pass --images \(recorded), "
        + "--leaderboard with another folder, or --no-leaderboard --output FILE"
    case .unreadable(let file, let reason):
      "\(file): cannot be read: \(reason)"
    case .unwritable(let file, let reason):
      "\(file): cannot be written: \(reason); choose another --output or free the place"
    }
  }
}
