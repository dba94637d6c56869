import ArgumentParser
import BenchCore
import Checkpoints
import Foundation
import Plugins
import Sweeps

/// `--parts`, `--shard` and `--merge`: work that several processes divide among them.
struct PartOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Keep what is measured in this folder, a few images a file, and measure nothing that is there already.",
      valueName: "dir"), completion: .directory)
  var parts: String?

  @Option(
    help: ArgumentHelp(
      "Measure part i of n only, counted from 1, and leave the result to --merge; with --merge, take part i of the models.",
      valueName: "i/n"))
  var shard: String?

  @Flag(help: "Measure nothing: put together what all shards left in --parts.")
  var merge = false

  func validate() throws {
    if parts == nil, shard != nil || merge {
      throw ValidationError(
        "\(merge ? "--merge" : "--shard") needs --parts DIR, the folder that all shards share")
    }
    if parts?.isEmpty ?? false { throw ValidationError("--parts must be the path of a folder") }
    _ = try part()
  }

  /// Whether anything is measured that is kept.
  var measures: Bool { parts != nil && !merge }
  /// Whether there will be results.
  var merges: Bool { merge || shard == nil }

  /// Before the work: the folder takes files, and a merge will know how many shards there are.
  func begin() throws {
    guard let place, measures else { return }
    try OutputPlace.checkFolder(place.root)
    if shard != nil, let count = try part()?.count { try ShardCount.write(count, in: place.root) }
  }

  /// Whether this process has to do with a model.
  func concerns(_ place: Int, of models: Int) -> Bool {
    guard let part = try? part() else { return true }
    // Results are of whole models.
    if merge {
      return WorkShare(shard: part.index, of: part.count, item: 0, among: 1)?.range(of: models)
        .contains(place) ?? false
    }
    return share(of: place, among: models) != nil
  }

  /// The way that was chosen: at once, a shard of it, or what shards left.
  /// - Parameters:
  ///   - what: is measured, in words.
  ///   - item: of all models.
  /// - Returns: nil where only a shard was measured.
  /// - Throws: `MissingPartsReport`, and what the ways throw.
  func outcome<Outcome>(
    of what: String, at item: Int, among items: Int, quiet: Bool, whole: () throws -> Outcome,
    part: (WorkShare, PartPlace) throws -> (present: Int, total: Int),
    merged: (PartPlace) throws -> Outcome
  ) throws -> Outcome? {
    guard let place else { return try whole() }
    if !merge, let share = share(of: item, among: items) {
      let (present, total) = try part(share, place)
      if !quiet {
        CommandLineOutput.note(
          "\(what): \(total == 0 ? "nothing to measure" : "\(total - present) of \(total) parts measured")"
            + (present > 0 ? ", \(present) were there" : "")
            + (shard.map { " (shard \($0))" } ?? ""))
      }
    }
    guard merges else { return nil }
    do {
      return try merged(place)
    } catch let error as MissingParts {
      throw MissingPartsReport(
        error, at: item, among: items, shards: ShardCount.read(in: place.root),
        arguments: CommandLine.arguments)
    }
  }

  /// What to say when the user stopped it.
  func stopped() -> ExitCode {
    CommandLineOutput.error(
      "stopped; what is measured is kept in \(parts ?? ""), and the same command goes on from there"
    )
    return ExitCode(130)
  }

  private var place: PartPlace? { parts.map { PartPlace(URL(fileURLWithPath: $0)) } }

  private func part() throws -> Shard? {
    guard parts != nil else { return nil }
    guard let shard else { return .whole }
    let part: Shard
    do { part = try Shard(shard) } catch { throw ValidationError("\(error)") }
    guard part.count <= WorkShare.mostShares else {
      throw ValidationError("--shard \(shard): at most \(WorkShare.mostShares) shards")
    }
    return part
  }

  private func share(of item: Int, among items: Int) -> WorkShare? {
    guard let part = try? part() else { return nil }
    return WorkShare(shard: part.index, of: part.count, item: item, among: items)
  }
}

/// In how many shards work was divided last: a file beside the parts, for a merge to name those that are missing.
enum ShardCount {
  private static func file(in folder: URL) -> URL { folder.appendingPathComponent("shards") }

  static func write(_ count: Int, in folder: URL) throws {
    guard read(in: folder) != count else { return }
    try Folder.make(folder)
    try AtomicFile.write(Data("\(count)\n".utf8), to: file(in: folder).path, durably: false)
  }

  /// Nil where nothing was divided.
  static func read(in folder: URL) -> Int? {
    guard let text = try? String(contentsOf: file(in: folder), encoding: .utf8),
      let count = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)),
      (1...WorkShare.mostShares).contains(count)
    else { return nil }
    return count
  }
}

/// What is missing for a merge, with the commands that make it.
struct MissingPartsReport: Error, CustomStringConvertible {
  private let missing: String
  private let commands: [String]

  /// Printed at most.
  private static let mostCommands = 20

  /// - Parameters:
  ///   - shards: their number; nil where nothing was divided.
  ///   - arguments: of this process, which makes its commands.
  init(_ error: MissingParts, at item: Int, among items: Int, shards: Int?, arguments: [String]) {
    missing = error.description
    // The program's name as it was called; a merge's own share is of models.
    var command: [String] = []
    for (index, argument) in arguments.enumerated() {
      let isShard =
        argument == "--shard" || argument.hasPrefix("--shard=")
        || index > 0 && arguments[index - 1] == "--shard"
      if argument != "--merge", !isShard { command.append(argument) }
    }
    let numbers = shards.map { count in
      (1...count).filter { index in
        guard let share = WorkShare(shard: index, of: count, item: item, among: items) else {
          return false
        }
        return error.kinds.contains { kind in
          kind.pieces.contains { share.range(of: kind.count).contains($0) }
        }
      }.map { "\($0)/\(count)" }
    }
    commands =
      numbers?.map { ShellWord.joined(command + ["--shard", $0]) } ?? [ShellWord.joined(command)]
  }

  /// Several as one; nil where there is none.
  init?(_ reports: [MissingPartsReport]) {
    guard !reports.isEmpty else { return nil }
    missing = reports.map(\.missing).joined(separator: "\n")
    var seen: Set<String> = []
    commands = reports.flatMap(\.commands).filter { seen.insert($0).inserted }
  }

  var description: String {
    let shown = commands.prefix(Self.mostCommands).map { "\n  \($0)" }.joined()
    let more =
      commands.count > Self.mostCommands
      ? "\n  and \(commands.count - Self.mostCommands) more shards" : ""
    return "\(missing). To measure them:\(shown)\(more)"
  }
}
