import ArgumentParser
import Foundation

/// `pags-bench cache` and `cache clear`: what is kept, and how to be rid of it.
struct CacheCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cache", abstract: "Shows or empties the folder of what is computed or fetched once.",
    subcommands: [Show.self, Clear.self], defaultSubcommand: Show.self)

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Shows the folder, and how much of what is in it.")

    @OptionGroup var place: CacheFolderOption

    func run() throws {
      let content = CacheContent(folder: place.folder)
      let lines = try CacheContent.Part.allCases.map { part in
        let files = try content.files(part)
        return "  \(part.rawValue.padded(13))\(byteText(files.reduce(0) { $0 + $1.bytes }).padded(12))"
          + "\(files.count) file\(files.count == 1 ? "" : "s"): \(part.summary)"
      }
      CommandLineOutput.result(([content.folder.path] + lines).joined(separator: "\n"))
    }
  }

  struct Clear: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Deletes what is kept; other files in the folder stay.")

    @Argument(help: "Only this part; may be repeated.")
    var parts: [CacheContent.Part] = []

    @OptionGroup var place: CacheFolderOption

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
      CommandLineOutput.result(
        "deleted \(count) file\(count == 1 ? "" : "s"), \(byteText(bytes)), from \(content.folder.path)")
    }
  }
}

private func byteText(_ bytes: Int) -> String {
  bytes < 1_000_000 ? "\((bytes + 500) / 1000) kB" : "\((bytes + 500_000) / 1_000_000) MB"
}
