import BenchCore
import Foundation

@testable import Site

/// Results of the project's own leaderboard, which tests change as they need.
enum Results {
  static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  static func glyphs(_ id: String = "glyphs-cnn-pgd-l2-1") throws -> EvaluationResult {
    try ResultFile.read(package.appendingPathComponent("leaderboard/results/glyphs/\(id).json"))
  }

  static func all() throws -> [EvaluatedModel] {
    try Leaderboard(directory: package.appendingPathComponent("leaderboard")).models()
  }

  /// So many models of one task that differ in name, regime and numbers.
  static func synthetic(_ count: Int) throws -> [EvaluatedModel] {
    let all = try all().filter { $0.result.task.id == "glyphs" }
    return (0..<count).map { index in
      var result = all[index % all.count].result
      result.model.id = "synthetic-\(index)"
      result.model.name = "Synthetic model \(index)"
      result.model.parameters = 1000 + 37 * index % 5000
      return EvaluatedModel(result)
    }
  }

  /// Names that nobody should have.
  static let hostile = [
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onfocus='alert(1)",
    "\"\u{308} onmouseover=alert(1) x=\"",
    "\u{D4E}\"\u{D4E}<b onclick=alert(1)>", "\u{202E}gnp.exe\u{202C}", "\u{5E9}\u{5DC}\u{5D5}\u{5DD} model",
    String(repeating: "long ", count: 600), "line\nbreak\ttab\u{0}", "{{#rows}}{{name}}{{/rows}}{{{body}}}",
    "</noscript><script>alert(2)</script>", "<!--end-->\n<!--rows-->", "]]></script>", "&lt;b&gt; &amp;",
    "@misc{x, title={}}}} \\", "   ", "a" + String(repeating: "\u{301}", count: 60), "\u{645}\u{631}\u{62D} 123",
  ]

  /// Models whose every text is one of these.
  static func hostileModels() throws -> [EvaluatedModel] {
    try hostile.enumerated().map { index, text in
      var result = try glyphs()
      result.model.id = "hostile-\(index)"
      result.model.name = text
      result.model.architecture = text
      result.model.checkpoint?.file = text
      result.model.source = ModelDescription.Source(
        paper: index % 2 == 0 ? text : "javascript:alert(1)",
        url: ["javascript:alert(1)", "https://example.org/\"", text][index % 3],
        authors: text, license: text, training: text)
      result.task.dataset.name = text
      var external = result
      external.externalEvaluation = ExternalEvaluationRecord(evaluator: text, url: text, note: text)
      return EvaluatedModel(result, external: [("results/glyphs/hostile-\(index).external/1.json", external)])
    }
  }

  /// The results of the project's own that stand beside the leaderboard.
  static func unranked() throws -> [EvaluationResult] {
    try Leaderboard(directory: package.appendingPathComponent("leaderboard")).unranked().map(\.result)
  }

  static func site(
    _ models: [EvaluatedModel], unranked: [EvaluationResult] = [], folder: URL? = nil
  ) throws -> Site {
    try Site(
      models, unranked: unranked.map { EvaluatedModel($0) },
      surroundings: .init(
        folder: folder ?? URL(fileURLWithPath: "/nonexistent"), submitted: ["glyphs-cnn-pgd-l2-1"],
        tasksWithData: ["cifar10"]))
  }
}

/// A folder of one test.
struct TemporaryFolder {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent("pags-bench-site-\(UUID().uuidString)")

  init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

  func remove() { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appendingPathComponent(name).path }

  func write(_ text: String, _ name: String) throws {
    let place = url.appendingPathComponent(name)
    try FileManager.default.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: place)
  }

  /// All files, relative and sorted.
  func files(_ name: String) -> [String] {
    let entries = FileManager.default.enumerator(atPath: path(name))?.compactMap { $0 as? String } ?? []
    return entries.filter { entry in
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: path("\(name)/\(entry)"), isDirectory: &isFolder)
        && !isFolder.boolValue
    }.sorted()
  }
}

extension Site {
  func text(_ page: SitePage) -> String { String(decoding: content(of: page), as: UTF8.self) }

  /// Writes everything, as the command does.
  func write(to folder: String) throws {
    let pages = pages
    try SiteFolder(folder).write(pages.map(path)) { content(of: pages[$0]) }
  }
}
