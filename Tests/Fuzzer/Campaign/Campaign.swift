import Foundation

/// Batches of inputs of each kind in turn, each in a process of its own, until the time is over.
struct Campaign {
  let kinds: [any InputKind.Type]
  let seed: UInt64
  let seconds: Double
  /// Of each kind; the time may be over before.
  let indices: Range<Int>
  private static let batchSeconds = 5.0

  struct Finding {
    let kind: String
    let index: Int
    let how: String
    let place: String
  }

  private struct Tally {
    var next: Int
    var outcomes: [Progress: Int] = [:]
    var processorSeconds = 0.0
  }

  /// - Returns: everything that was found; each place once.
  func run() throws -> [Finding] {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("pags-fuzz-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var tallies = Dictionary(uniqueKeysWithValues: kinds.map { ($0.id, Tally(next: indices.lowerBound)) })
    var findings: [Finding] = []
    var places: Set<String> = []
    let end = ContinuousClock.now + .seconds(seconds)
    campaign: while tallies.values.contains(where: { $0.next < indices.upperBound }) {
      for kind in kinds {
        let left = (end - .now) / .seconds(1)
        guard left > 0 else { break campaign }
        guard var tally = tallies[kind.id], tally.next < indices.upperBound else { continue }
        let share = min(Self.batchSeconds, max(0.2, left / Double(kinds.count)))
        let child = try Child.run(
          arguments(kind, tally.next..<indices.upperBound) + ["--seconds", "\(share)"], from: tally.next,
          folder: folder, backtrace: false)
        tally.next = child.next
        for outcome in child.outcomes { tally.outcomes[outcome, default: 0] += 1 }
        tally.processorSeconds += child.processorSeconds
        tallies[kind.id] = tally
        for (index, how) in child.over + (child.fatal.map { [$0] } ?? []) {
          let finding = try located(kind, index, how, folder)
          guard places.insert("\(finding.how) \(finding.place)").inserted else { continue }
          findings.append(finding)
          report(finding)
        }
      }
    }
    for kind in kinds {
      guard let tally = tallies[kind.id] else { continue }
      let count = tally.outcomes.values.reduce(0, +)
      let parts = Progress.allCases.map { "\(tally.outcomes[$0, default: 0]) \($0.rawValue)" }.joined(separator: ", ")
      print(
        "\(kind.id): \(count) inputs (\(parts)), \(Int(tally.processorSeconds)) s of processor time, next index \(tally.next)"
      )
    }
    return findings
  }

  private func arguments(_ kind: any InputKind.Type, _ indices: Range<Int>) -> [String] {
    ["--kind", kind.id, "--seed", "\(seed)", "--range", "\(indices.lowerBound)-\(indices.upperBound)"]
  }

  /// The input once more by itself, for the place in the source; alone, so that nothing before it has a part in it.
  private func located(_ kind: any InputKind.Type, _ index: Int, _ how: String, _ folder: URL) throws -> Finding {
    let alone = try Child.run(
      arguments(kind, index..<index + 1), from: index, folder: folder, backtrace: !how.hasPrefix("takes"))
    let isSame = alone.fatal != nil || !alone.over.isEmpty
    return Finding(
      kind: kind.id, index: index, how: how, place: isSame ? alone.place : "only after the inputs before it")
  }

  private func report(_ finding: Finding) {
    print("FOUND --kind \(finding.kind) --seed \(seed) --index \(finding.index): \(finding.how)")
    if !finding.place.isEmpty { print("  \(finding.place)") }
    fflush(nil)
  }
}
