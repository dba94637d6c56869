import Foundation
import Testing

@testable import Served

@Suite struct PluginFrameTests {
  /// The page's own example.
  @Test func bytes() throws {
    let head = try PluginFrame.head(PluginMessages.Shutdown(request: 9), payloadBytes: 0)
    #expect(
      Array(head)
        == [0x50, 0x41, 0x47, 0x53, 0x1f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        + Array(#"{"type":"shutdown","request":9}"#.utf8))
    #expect(PluginFrame.prefix(Array(head.prefix(16))) == .init(headerBytes: 31, payloadBytes: 0))
    let other = try PluginFrame.head(PluginMessages.Shutdown(request: 9), payloadBytes: 0x01_0203_0405)
    #expect(PluginFrame.prefix(Array(other.prefix(16))) == .init(headerBytes: 31, payloadBytes: 0x01_0203_0405))
    #expect(PluginFrame.prefix([UInt8](repeating: 0, count: 16)) == nil)
    #expect(
      PluginFrame.prefix(Array("PAGS".utf8) + [UInt8](repeating: 0xff, count: 12))
        == .init(headerBytes: 0xffff_ffff, payloadBytes: .max))
  }

  @Test func lastWordsAreLinesWithoutControlCharacters() {
    #expect(LastWords.printable("a\r\nb\rc\u{1B}[31m\u{7}\u{202E}d\te") == "a\nb\ncU+001B[31mU+0007U+202Ed\te")
  }
}
