import ArgumentParser
import Foundation

/// `pags-bench cache` and `cache clear`: what is kept, and how to be rid of it.
struct CacheCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cache", abstract: "Shows or empties the folder of what is computed or fetched once.",
    subcommands: [Show.self, Clear.self], defaultSubcommand: Show.self)

  struct Show: ReportingCommand {
    static let configuration = CommandConfiguration(abstract: "Shows the folder, and how much of what is in it.")

    @OptionGroup var place: CacheFolderOption

    @OptionGroup(title: "What is said, and where") var reporting: ReportingOptions

    /// What is printed with `--json`.
    private struct Content: Encodable {
      struct Part: Encodable {
        let name: String
        let summary: String
        let files: Int
        let bytes: Int
      }

      let folder: String
      let parts: [Part]
    }

    func run() throws {
      let content = CacheContent(folder: place.folder)
      let parts = try CacheContent.Part.allCases.map { part in
        let files = try content.files(part)
        return Content.Part(
          name: part.rawValue, summary: part.summary, files: files.count, bytes: files.reduce(0) { $0 + $1.bytes })
      }
      let lines = parts.map { part in
        "  \(part.name.padded(13))\(byteText(part.bytes).padded(12))"
          + "\(part.files) file\(part.files == 1 ? "" : "s"): \(part.summary)"
      }
      try reporting.result(
        Content(folder: content.folder.path, parts: parts),
        text: ([content.folder.path] + lines).joined(separator: "\n"))
    }
  }

  struct Clear: ReportingCommand {
    static let configuration = CommandConfiguration(
      abstract: "Deletes what is kept; other files in the folder stay.")

    @Argument(help: "Only this part; may be repeated.")
    var parts: [CacheContent.Part] = []

    @OptionGroup var place: CacheFolderOption

    @OptionGroup(title: "What is said, and where") var reporting: ReportingOptions

    /// What is printed with `--json`.
    private struct Deleted: Encodable {
      let folder: String
      let files: Int
      let bytes: Int
    }

    func run() throws {
      let content = CacheContent(folder: place.folder)
      var (count, bytes) = (0, 0)
      for part in CacheContent.Part.allCases where parts.isEmpty || parts.contains(part) {
        for file in try content.files(part) {
          try content.remove(file)
          count += 1
          bytes += file.bytes
        }
      }
      try reporting.result(
        Deleted(folder: content.folder.path, files: count, bytes: bytes),
        text: "deleted \(count) file\(count == 1 ? "" : "s"), \(byteText(bytes)), from \(content.folder.path)")
    }
  }
}

private func byteText(_ bytes: Int) -> String {
  bytes < 1_000_000 ? "\((bytes + 500) / 1000) kB" : "\((bytes + 500_000) / 1_000_000) MB"
}
