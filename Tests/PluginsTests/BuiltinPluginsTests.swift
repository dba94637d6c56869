import BenchCore
import Foundation
import Testing

@testable import Plugins

/// That `BuiltinPlugins` lists what the source folders hold: a plugin is one file and one line.
@Suite struct BuiltinPluginsTests {
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  private static let sources = root.appendingPathComponent("Sources")
  /// Model formats are where the networks that they read are made, everything else is in a folder of `Plugins`.
  private static let modules = ["Networks", "Mixtures", "Served", "Plugins"]

  /// The types declared in the plugins' modules that conform to `protocolName`, and the folders they are in: `Plugins/Tasks`, or
  /// another module.
  private static func conformers(to protocolName: String) throws -> [(name: String, folder: String)] {
    let declaration = try Regex(
      "(?:struct|class|enum|actor|extension)\\s+(\\w+)(?:<[^>]*>)?\\s*:[^{]*\\b\(protocolName)\\b[^{]*\\{",
      as: (Substring, Substring).self)
    let files = try modules.flatMap { module in
      let folder = sources.appendingPathComponent(module)
      return try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
        .compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }
    }
    #expect(files.count > 10, "no sources at \(sources.path)")
    return try files.flatMap { file in
      let steps = file.path.dropFirst(sources.path.count + 1).split(separator: "/")
      let folder = steps.prefix(steps[0] == "Plugins" ? 2 : 1).joined(separator: "/")
      return try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
        .filter { !$0.drop(while: \.isWhitespace).hasPrefix("//") }.joined(separator: "\n")
        .matches(of: declaration).map { (String($0.output.1), folder) }
    }
  }

  @Test(
    "folder and list agree",
    arguments: [
      ("ModelPlugin", ["Networks", "Served"], BuiltinPlugins.models.map { "\($0)" }),
      ("TaskPlugin", ["Plugins/Tasks"], BuiltinPlugins.tasks.map { "\($0)" }),
      ("ManifoldPlugin", ["Plugins/Manifolds"], BuiltinPlugins.manifolds.map { "\($0)" }),
      ("ScorePlugin", ["Plugins/Scores"], BuiltinPlugins.scores.map { "\($0)" }),
      ("AlignmentMetric", ["Plugins/Metrics"], BuiltinPlugins.metrics.map { "\(type(of: $0))" }),
    ])
  func listed(protocolName: String, folders: [String], listed: [String]) throws {
    let found = try Self.conformers(to: protocolName)
    let names = Set(found.map(\.name))
    #expect(Set(listed).count == listed.count, "listed twice: \(listed)")
    for name in names.subtracting(listed).sorted() {
      Issue.record("\(name) conforms to \(protocolName) but is not in BuiltinPlugins; add a line there")
    }
    for name in Set(listed).subtracting(names).sorted() {
      Issue.record("\(name) is in BuiltinPlugins, but no module of plugins declares such a \(protocolName)")
    }
    for (name, place) in found {
      #expect(folders.contains(place), "\(name) is a \(protocolName): it belongs into Sources/\(folders[0])")
    }
  }

  @Test("ids are unique within a kind and usable on a command line and in file names")
  func identifiers() {
    for ids in [
      BuiltinPlugins.models.map { $0.id }, BuiltinPlugins.tasks.map { $0.id },
      BuiltinPlugins.manifolds.map { $0.id }, BuiltinPlugins.scores.map { $0.id },
      BuiltinPlugins.metrics.map { type(of: $0).id },
    ] {
      #expect(Set(ids).count == ids.count, "\(ids)")
      for id in ids { #expect(id.wholeMatch(of: /[a-z0-9-]+/) != nil, "\(id)") }
    }
  }

  @Test("summaries are one sentence, as lists show them")
  func summaries() {
    for (id, summary) in BuiltinPlugins.models.map({ ($0.id, $0.summary) })
      + BuiltinPlugins.tasks.map({ ($0.id, $0.summary) })
      + BuiltinPlugins.manifolds.map({ ($0.id, $0.summary) }) + BuiltinPlugins.scores.map({ ($0.id, $0.summary) })
    {
      #expect(!summary.isEmpty && summary.count <= 120, "\(id): \(summary.count) characters")
      #expect(!summary.contains(where: \.isNewline) && !summary.contains(". ") && !summary.hasSuffix("."), "\(id)")
    }
  }
}
