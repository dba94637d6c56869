import Checkpoints
import Foundation
import JSON

/// Files that come onto the leaderboard together or not at all.
package struct LeaderboardChange: Sendable {
  /// Where a file goes. Only these places can be written, so that a journal from a stranger's checkout can do no harm.
  package enum Place: Sendable, Hashable {
    /// `results/<task>/<model-id>.json`, or `unranked/...`.
    case result(Leaderboard.Standing = .ranked, task: String, model: String)
    /// `<model-id>.samples.safetensors` beside the result.
    case samples(Leaderboard.Standing = .ranked, task: String, model: String)
    /// `results/<task>/<model-id>.external/<number>.json`.
    case external(task: String, model: String, number: Int)
    /// `models/<model-id>/<file>`, beside the leaderboard's folder.
    case model(String, file: String)

    /// Relative to the leaderboard's folder; nil where a part is no safe name.
    var path: String? {
      func safe(_ names: String...) -> Bool { names.allSatisfy(ResultValidation.isIdentifier) }
      switch self {
      case .result(let standing, let task, let model):
        return safe(task, model) ? "\(standing.folder)/\(task)/\(model).json" : nil
      case .samples(let standing, let task, let model):
        return safe(task, model) ? "\(standing.folder)/\(task)/\(model).samples.safetensors" : nil
      case .external(let task, let model, let number):
        return safe(task, model) && number > 0 ? "results/\(task)/\(model).external/\(number).json" : nil
      case .model(let model, let file):
        let parts = file.split(separator: "/", omittingEmptySubsequences: false)
        let isSafe = parts.allSatisfy { part in
          !part.isEmpty && !part.hasPrefix(".") && !part.unicodeScalars.contains { $0.value < 0x20 || $0 == "\\" }
        }
        return safe(model) && isSafe ? "../models/\(model)/\(file)" : nil
      }
    }

    /// Whether its parts are safe names, so that a file can go there.
    package var isAllowed: Bool { path != nil }

    /// As text in the journal: the kind, then its parts.
    var fields: [String] {
      switch self {
      case .result(.ranked, let task, let model): ["result", task, model]
      case .result(.unranked, let task, let model): ["unranked", task, model]
      case .samples(.ranked, let task, let model): ["samples", task, model]
      case .samples(.unranked, let task, let model): ["unranked-samples", task, model]
      case .external(let task, let model, let number): ["external", task, model, "\(number)"]
      case .model(let model, let file): ["model", model, file]
      }
    }

    init?(fields: [String]) {
      switch (fields.first, fields.count) {
      case ("result", 3): self = .result(task: fields[1], model: fields[2])
      case ("unranked", 3): self = .result(.unranked, task: fields[1], model: fields[2])
      case ("samples", 3): self = .samples(task: fields[1], model: fields[2])
      case ("unranked-samples", 3): self = .samples(.unranked, task: fields[1], model: fields[2])
      case ("external", 4):
        guard let number = Int(fields[3]) else { return nil }
        self = .external(task: fields[1], model: fields[2], number: number)
      case ("model", 3): self = .model(fields[1], file: fields[2])
      default: return nil
      }
    }
  }

  package var files: [(place: Place, data: Data)]

  package init(_ files: [(place: Place, data: Data)]) { self.files = files }

  /// The places relative to the leaderboard's folder.
  package var paths: [String] { files.compactMap(\.place.path) }
}

/// The change that is being made, in the hidden folder `.pending` of the leaderboard: files are written there first, then the
/// journal that lists them, then each is moved to its place. A process that ends before the journal is there has changed
/// nothing; after that, whoever takes the lock next moves what is left.
struct PendingChange {
  private struct Journal: Codable {
    /// File n of the folder goes to place n.
    var places: [[String]]
  }

  let directory: URL
  private var folder: URL { directory.appendingPathComponent(".pending") }
  private var journalURL: URL { folder.appendingPathComponent("journal.json") }

  /// Writes everything but the places themselves.
  func stage(_ change: LeaderboardChange) throws {
    try discard()
    for (place, _) in change.files where place.path == nil {
      throw ResultError.unwritable(file: place.fields.joined(separator: " "), reason: "it is no place of a leaderboard")
    }
    for (index, file) in change.files.enumerated() {
      try ResultFile.write(file.data, to: folder.appendingPathComponent("\(index)"))
    }
    let journal = try JSONEncoding.encode(Journal(places: change.files.map(\.place.fields)))
    // From here on the change is made.
    try ResultFile.write(journal, to: journalURL)
  }

  /// Moves what was staged to its places and calls `last`; nothing where nothing was staged. May be repeated.
  /// - Parameter limit: how many files are moved before it stops, as a killed process does; for tests.
  func finish(moving limit: Int = .max, last: () throws -> Void) throws {
    let manager = FileManager.default
    guard manager.fileExists(atPath: folder.path) else { return }
    guard let data = try? Data(contentsOf: journalURL) else { return try discard() }
    let journal = try JSONDecoding.decode(Journal.self, from: data, source: journalURL.path, rejectUnknownKeys: true)
    let paths = try journal.places.map { fields in
      guard let path = LeaderboardChange.Place(fields: fields)?.path else {
        throw ResultError.unwritable(
          file: journalURL.path, reason: "it names a place that is none of a leaderboard; remove the folder .pending")
      }
      return path
    }
    for (index, path) in paths.enumerated().prefix(limit) {
      let staged = folder.appendingPathComponent("\(index)")
      guard manager.fileExists(atPath: staged.path) else { continue }
      try move(staged, to: directory.appendingPathComponent(path))
    }
    guard limit >= paths.count else { return }
    try last()
    try discard()
  }

  private func move(_ staged: URL, to place: URL) throws {
    try Folder.make(place.deletingLastPathComponent())
    guard rename(staged.path, place.path) != 0 else { return }
    // Another file system: copied beside its place first, then renamed.
    guard errno == EXDEV, let data = try? Data(contentsOf: staged, options: .mappedIfSafe) else {
      throw ResultError.unwritable(file: place.path, reason: String(cString: strerror(errno)))
    }
    try ResultFile.write(data, to: place)
    try? FileManager.default.removeItem(at: staged)
  }

  private func discard() throws {
    guard FileManager.default.fileExists(atPath: folder.path) else { return }
    do {
      // Without its journal the rest is nothing, should this end half-way.
      if FileManager.default.fileExists(atPath: journalURL.path) { try FileManager.default.removeItem(at: journalURL) }
      try FileManager.default.removeItem(at: folder)
    } catch {
      throw ResultError.unwritable(file: folder.path, reason: error.localizedDescription)
    }
  }
}
