import BenchCore
import Foundation
import Testing

/// `pags-bench leaderboard site`, as a user would run it.
@Suite struct LeaderboardSiteTests {
  private func copiedLeaderboard(_ binary: RealBinary) throws {
    try FileManager.default.copyItem(
      at: RealBinary.package.appendingPathComponent("leaderboard"),
      to: binary.folder.appendingPathComponent("leaderboard"))
    // Of whoever works in this folder.
    try? FileManager.default.removeItem(at: binary.folder.appendingPathComponent("leaderboard/own"))
  }

  @Test func aSiteIsWrittenAndBroughtUpToDate() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    try copiedLeaderboard(binary)
    let document = try Leaderboard(directory: binary.folder.appendingPathComponent("leaderboard")).document()
    let sections = document.tasks + (document.unranked ?? [])
    let models = sections.reduce(0) { $0 + $1.entries.count }
    let first = try binary.run("leaderboard", "site", "public/site")
    // Beside them the index, the rule, how to submit, style and script.
    let said = "/public/site/index.html: \(models) models, \(models + sections.count + 5) files\n"
    #expect(first.status == 0 && first.output.hasSuffix(said), "\(first.output)\(first.errors)")
    func contents() throws -> [String: Data] {
      Dictionary(
        uniqueKeysWithValues: try binary.files.filter { $0.hasPrefix("public/") }.map {
          ($0, try Data(contentsOf: binary.folder.appendingPathComponent($0)))
        })
    }
    let before = try contents()
    #expect(before["public/site/models/glyphs/bayes.html"] != nil)
    let second = try binary.run("leaderboard", "site", "public/site")
    #expect(second.status == 0 && second.output == first.output)
    #expect(try contents() == before)
  }

  @Test func whatIsNoSiteStays() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    try copiedLeaderboard(binary)
    let before = binary.files
    let outcome = try binary.run("leaderboard", "site", "leaderboard")
    #expect(outcome.status == 1 && outcome.errors.contains("is not a site of `leaderboard site`"), "\(outcome.errors)")
    #expect(binary.files == before)
  }
}
