import BenchCore
import Foundation
import Testing

@testable import Submissions

/// What a result says of attacks is measured again with everything else.
@Suite struct RecheckTests {
  private static func result() throws -> EvaluationResult {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return try ResultFile.read(
      root.appendingPathComponent("leaderboard/results/glyphs/glyphs-cnn-cross-entropy.json"))
  }

  private static func entry(_ radii: [Double?], seed: UInt64 = 0) -> RobustnessEntry {
    RobustnessEntry(
      attack: AttackRecord(id: "pgd-l2"), norm: .l2, seed: seed, imagesDigest: String(repeating: "a", count: 64),
      clip: nil, search: RadiusSearchRecord(kind: .grid, grid: [1, 2, 4]), radii: radii,
      medianRadius: RadiusStatistics.median(radii, seed: seed),
      robustAccuracy: RadiusStatistics.robustAccuracy(radii, at: [(1, nil)], seed: seed))
  }

  @Test func attacksAreCompared() throws {
    let plain = try Self.result()
    func compared(_ recorded: [Double?], _ measured: [Double?]?) -> Recheck.Outcome {
      var (first, second) = (plain, plain)
      first.robustness = [Self.entry(recorded)]
      second.robustness = measured.map { [Self.entry($0)] }
      return Recheck.compare(recorded: first, measured: second)
    }
    let some = (0..<40).map { Double($0) / 10 } as [Double?]
    #expect(compared(some, some) == .identical)
    #expect(compared(some, some.map { $0.map { $0 * 1.01 } }) == .agrees)
    #expect(compared(some, nil) == .agrees)
    let none = [Double?](repeating: nil, count: 40)
    #expect(compared(none, none) == .identical)
    guard case .disagrees(let differences) = compared(none, some) else {
      Issue.record("all stand, or none")
      return
    }
    #expect(differences.count == 2 && differences.allSatisfy { $0.contains("under pgd-l2: recorded") })
  }
}
