import Foundation
import Testing

/// The folder of what is computed once: found, left out, shown and emptied.
@Suite struct CacheTests {
  private func kept(_ binary: RealBinary, _ folder: String = ".cache/pags-bench") -> [String] {
    let folder = binary.folder.appendingPathComponent("\(folder)/references")
    return (try? FileManager.default.contentsOfDirectory(atPath: folder.path))?.sorted() ?? []
  }

  private func samples(_ binary: RealBinary, _ name: String, _ arguments: String...) throws -> Data {
    let outcome = try binary.start(
      ["evaluate", "bayes:1", "--images", "24", "--no-leaderboard", "--quiet", "--output", "\(name).json"] + arguments
    ).wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    return try Data(contentsOf: binary.folder.appendingPathComponent("\(name).samples.safetensors"))
  }

  @Test func sameBytesColdWarmDamagedAndWithout() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    let without = try samples(binary, "without", "--no-cache")
    #expect(kept(binary).isEmpty)
    #expect(try samples(binary, "cold", "--threads", "2") == without)
    let files = kept(binary)
    #expect(files.count == 7)
    #expect(try samples(binary, "warm", "--threads", "1") == without)
    let folder = binary.folder.appendingPathComponent(".cache/pags-bench/references")
    for (index, file) in files.enumerated() {
      let url = folder.appendingPathComponent(file)
      let bytes = try Data(contentsOf: url)
      try (index % 2 == 0 ? bytes.prefix(bytes.count / 2) : Data(bytes.reversed())).write(to: url)
    }
    #expect(try samples(binary, "damaged") == without)
    #expect(try samples(binary, "elsewhere", "--cache", "elsewhere") == without)
    #expect(kept(binary, "elsewhere") == files && kept(binary) == files)
  }

  @Test func theFolderIsShownAndEmptied() throws {
    let binary = try RealBinary()
    defer { binary.removeFolder() }
    #expect(try binary.run("cache").output.contains("references   0 kB        0 files"))
    _ = try samples(binary, "one")
    let shown = try binary.run("cache")
    #expect(shown.status == 0 && shown.output.hasPrefix("\(binary.path(".cache/pags-bench"))\n"), "\(shown.output)")
    #expect(shown.output.contains("7 files"))
    let cache = binary.folder.appendingPathComponent(".cache/pags-bench")
    for name in ["mixture-toy-0.safetensors", "notes.txt", "references/notes.txt"] {
      try Data("a".utf8).write(to: cache.appendingPathComponent(name))
    }
    let part = try binary.run("cache", "clear", "mixtures")
    #expect(part.status == 0 && part.output.hasPrefix("deleted 1 file, "), "\(part.output)")
    #expect(kept(binary).count == 8)
    let all = try binary.run("cache", "clear")
    #expect(all.status == 0 && all.output.hasPrefix("deleted 7 files, "), "\(all.output)")
    // What is not this program's stays.
    #expect(kept(binary) == ["notes.txt"])
    #expect(FileManager.default.fileExists(atPath: cache.appendingPathComponent("notes.txt").path))
    #expect(try binary.run("cache", "clear", "nothing").status == 64)
    #expect(try binary.run("evaluate", "bayes", "--cache", "a", "--no-cache").status == 64)
  }
}
