import Foundation
import Testing

@testable import Site

/// A site replaces and removes what it wrote itself, and nothing else.
@Suite struct SiteFolderTests {
  @Test func aSecondSiteReplacesTheFirst() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let models = try Results.all()
    let path = folder.path("site")
    try Results.site(models).write(to: path)
    let first = folder.files("site")
    #expect(first.contains("index.html") && first.contains("models/glyphs/bayes.html"))
    // Nobody's page, and one that is gone from the leaderboard.
    try folder.write("mine", "site/models/glyphs/notes.txt")
    try Results.site(models.filter { $0.result.model.id != "bayes" }).write(to: path)
    #expect(
      Set(folder.files("site"))
        == Set(first).subtracting(["models/glyphs/bayes.html"]).union(["models/glyphs/notes.txt"]))
    // Folders that nothing is left in go with their pages.
    try Results.site([]).write(to: path)
    #expect(FileManager.default.fileExists(atPath: folder.path("site/models/glyphs/notes.txt")))
    #expect(!FileManager.default.fileExists(atPath: folder.path("site/tasks")))
  }

  /// Whoever copies a site to a server copies what has changed.
  @Test func pagesThatAreAsTheyShouldBeAreLeftAlone() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let site = try Results.site(try Results.all())
    try site.write(to: folder.path("site"))
    func places() throws -> [String: Int] {
      try Dictionary(
        uniqueKeysWithValues: folder.files("site").filter { !$0.hasPrefix(".") }.map { file in
          let attributes = try FileManager.default.attributesOfItem(atPath: folder.path("site/\(file)"))
          return (file, try #require(attributes[.systemFileNumber] as? Int))
        })
    }
    let before = try places()
    try folder.write("damaged", "site/rule.html")
    let damaged = try places()
    try site.write(to: folder.path("site"))
    let after = try places()
    #expect(before.count > 10 && after.filter { damaged[$0.key] != $0.value }.keys.sorted() == ["rule.html"])
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path("site/rule.html"))) == site.content(of: .rule))
  }

  @Test func strangersAreLeftAlone() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let site = try Results.site(try Results.all())
    try folder.write("thesis", "home/thesis.tex")
    #expect(throws: SiteError.strangersFolder(folder.path("home"), found: "thesis.tex")) {
      try site.write(to: folder.path("home"))
    }
    try folder.write("a file", "file")
    #expect(throws: SiteError.notAFolder(folder.path("file"))) { try site.write(to: folder.path("file")) }
    // Somebody's file where a page belongs, in a site of ours.
    try Results.site([]).write(to: folder.path("site"))
    try folder.write("mine", "site/tasks/glyphs-2.html")
    let before = folder.files("site")
    #expect(throws: SiteError.strangersFile(folder.path("site/tasks/glyphs-2.html"))) {
      try site.write(to: folder.path("site"))
    }
    #expect(folder.files("site") == before)
  }

  @Test func linksDoNotLeadOutOfTheFolder() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let site = try Results.site(try Results.all())
    try site.write(to: folder.path("site"))
    try FileManager.default.removeItem(atPath: folder.path("site/index.html"))
    try folder.write("mine", "elsewhere.html")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("site/index.html"), withDestinationPath: folder.path("elsewhere.html"))
    #expect(throws: SiteError.symbolicLink(folder.path("site/index.html"))) { try site.write(to: folder.path("site")) }
    try FileManager.default.removeItem(atPath: folder.path("site/index.html"))
    try FileManager.default.moveItem(atPath: folder.path("site/tasks"), toPath: folder.path("tasks"))
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("site/tasks"), withDestinationPath: folder.path("tasks"))
    #expect(throws: SiteError.symbolicLink(folder.path("site/tasks"))) { try site.write(to: folder.path("site")) }
  }

  /// The list decides what is removed, so it may name nothing outside.
  @Test(arguments: ["../thesis.tex", "/etc/passwd", "a/../../b", "models//x", ".hidden", "a/b/c/d"])
  func aListThatWasChangedIsRefused(_ line: String) throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    try folder.write("pags-bench leaderboard site 1\n\(line)\n", "site/.pags-bench-site")
    try folder.write("thesis", "thesis.tex")
    #expect(throws: SiteError.self) { try Results.site([]).write(to: folder.path("site")) }
    #expect(folder.files("").contains("thesis.tex"))
  }

  /// A process that was killed leaves the list and some pages; the next one goes on.
  @Test func aSiteThatWasNotFinishedIsFinished() throws {
    let folder = try TemporaryFolder()
    defer { folder.remove() }
    let site = try Results.site(try Results.all())
    try site.write(to: folder.path("site"))
    let whole = folder.files("site")
    for page in ["index.html", "tasks/glyphs-2.html"] {
      try FileManager.default.removeItem(atPath: folder.path("site/\(page)"))
    }
    try site.write(to: folder.path("site"))
    #expect(folder.files("site") == whole)
  }
}
