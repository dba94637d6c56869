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
      ("ModelPlugin", ["Networks", "Served"], BuiltinPlugins.all.models.map { "\($0)" }),
      ("TaskPlugin", ["Plugins/Tasks"], Array(Set(BuiltinPlugins.all.tasks.map { "\(type(of: $0))" }))),
      ("ManifoldPlugin", ["Plugins/Manifolds"], BuiltinPlugins.all.manifolds.map { "\($0)" }),
      ("ScorePlugin", ["Plugins/Scores"], BuiltinPlugins.all.scores.map { "\($0)" }),
      ("PosteriorScorePlugin", ["Plugins/Scores"], BuiltinPlugins.all.posteriorScores.map { "\($0)" }),
      ("MetricPlugin", ["Plugins/Metrics"], BuiltinPlugins.all.metrics.map { "\($0)" }),
    ])
  func listed(protocolName: String, folders: [String], listed: [String]) throws {
    let found = try Self.conformers(to: protocolName)
    let names = Set(found.map(\.name))
    #expect(Set(listed).count == listed.count, "listed twice: \(listed)")
    // A generic one is declared once, and listed with each type that it is made of.
    let listed = listed.map { String($0.prefix { $0 != "<" }) }
    // Made of a file of the user's, not found by a name.
    let made: Set = ["DescribedTask"]
    for name in names.subtracting(listed).subtracting(made).sorted() {
      Issue.record("\(name) conforms to \(protocolName) but is not in BuiltinPlugins; add a line there")
    }
    for name in Set(listed).subtracting(names).sorted() {
      Issue.record("\(name) is in BuiltinPlugins, but no module of plugins declares such a \(protocolName)")
    }
    for (name, place) in found {
      #expect(folders.contains(place), "\(name) is a \(protocolName): it belongs into Sources/\(folders[0])")
    }
  }

  @Test("every data set that is described as a task is listed")
  func dataSets() throws {
    let folder = Self.sources.appendingPathComponent("Plugins/Tasks")
    let described = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
      .map(folder.appendingPathComponent).filter { $0.pathExtension == "swift" }
      .flatMap { try String(contentsOf: $0, encoding: .utf8).matches(of: /static let \w+ = PixelTaskPlugin\(/) }
    #expect(described.count == BuiltinPlugins.all.tasks.count { $0 is PixelTaskPlugin })
  }

  @Test("ids are unique within a kind and usable on a command line and in file names")
  func identifiers() {
    for ids in [
      BuiltinPlugins.all.models.map { $0.id }, BuiltinPlugins.all.tasks.map { $0.id },
      BuiltinPlugins.all.manifolds.map { $0.id }, BuiltinPlugins.all.scores.map { $0.id },
      BuiltinPlugins.all.posteriorScores.map { $0.id }, BuiltinPlugins.all.metrics.map { $0.id },
    ] {
      #expect(Set(ids).count == ids.count, "\(ids)")
      for id in ids { #expect(id.wholeMatch(of: /[a-z0-9-]+/) != nil, "\(id)") }
    }
  }

  @Test("summaries are one sentence, as lists show them")
  func summaries() {
    for (id, summary) in BuiltinPlugins.all.models.map({ ($0.id, $0.summary) })
      + BuiltinPlugins.all.tasks.map({ ($0.id, $0.summary) })
      + BuiltinPlugins.all.manifolds.map({ ($0.id, $0.summary) })
      + BuiltinPlugins.all.scores.map({ ($0.id, $0.summary) })
      + BuiltinPlugins.all.metrics.map({ ($0.id, $0.summary) })
    {
      #expect(!summary.isEmpty && summary.count <= 120, "\(id): \(summary.count) characters")
      #expect(!summary.contains(where: \.isNewline) && !summary.contains(". ") && !summary.hasSuffix("."), "\(id)")
    }
  }
}
