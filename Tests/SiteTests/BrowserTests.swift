import Foundation
import Testing

@testable import Site

/// What the tests below need, which not every machine has.
private enum Programs {
  static let areThere = path("chromium") != nil && path("python3") != nil

  static func path(_ name: String) -> String? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(name)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }
}

/// A headless Chromium opens the site: sorting, filters, comparison, keyboard, links, no complaint, no request to anywhere
/// (`Browser/browser.py`).
@Suite(.enabled(if: Programs.areThere, "needs python3 and Debian's package chromium"), .serialized)
struct BrowserTests {
  @Test func theLeaderboard() throws { try browse(try Results.site(try Results.all())) }

  @Test func hostileNames() throws { try browse(try Results.site(try Results.hostileModels() + Results.all())) }

  /// More rows than are there from the start.
  @Test func manyModels() throws { try browse(try Results.site(try Results.synthetic(450))) }

  private func browse(_ site: Site) throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try site.write(to: folder.path("site"))
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: try #require(Programs.path("python3")))
    process.arguments = [
      Results.package.appendingPathComponent("Tests/SiteTests/Browser/browser.py").path, folder.path("site"),
    ]
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(text)")
  }
}
