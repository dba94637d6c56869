import Foundation
import Testing

/// What goes to the terminal holds names from files, and is cleaned in one place: no other code writes there, but for the one
/// sentence, without any name, of a process that has no memory left to clean anything in.
@Suite struct OneExitTests {
  @Test func nothingElseWritesToTheTerminal() throws {
    let writing =
      /\b(print|debugPrint|dump|puts|fputs|putchar|vprintf|printf)\(|FileHandle\.standard(Output|Error)|\bstd(out|err)\b/
    let sources = RealBinary.package.appendingPathComponent("Sources")
    let files = try #require(FileManager.default.enumerator(atPath: sources.path)?.allObjects as? [String])
    var places: [String] = []
    // What only tests are made of is not in the program.
    for file in files where file.hasSuffix(".swift") && !file.hasPrefix("_TestSupport/") {
      let text = try String(contentsOf: sources.appendingPathComponent(file), encoding: .utf8)
      for line in text.split(separator: "\n") where !line.trimmingPrefix(while: \.isWhitespace).hasPrefix("//") {
        if line.contains(writing) { places.append(file) }
      }
    }
    #expect(
      Set(places.map { ($0 as NSString).lastPathComponent })
        == ["CommandLineOutput.swift", "MemoryExhaustion.swift"], "\(places)")
  }
}
