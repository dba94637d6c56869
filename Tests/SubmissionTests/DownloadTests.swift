import BenchCore
import Checkpoints
import Foundation
import Synchronization
import Testing

@testable import Submissions

@Suite struct DownloadTests {
  private static let content = Data((0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ ($0 >> 8)) })
  private static let digest = CheckpointFile.sha256(of: content)

  private func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("download-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
  }

  private func download(
    _ url: String, bytes: Int? = nil, sha256: String = digest
  ) throws -> Download {
    var download = Download(url: try #require(URL(string: url)), bytes: bytes ?? Self.content.count, sha256: sha256)
    download.pause = .milliseconds(1)
    download.idleLimit = 5
    return download
  }

  private func failure(_ download: Download, to target: URL) -> (any Error)? {
    do {
      try download.run(to: target, progress: SilentProgress())
      return nil
    } catch { return error }
  }

  @Test func fetchesAndVerifies() throws {
    let server = try TinyServer(Self.content)
    defer { server.stop() }
    try withFolder { folder in
      let target = folder.appendingPathComponent("net.pt")
      try download(server.base + "/net.pt").run(to: target, progress: SilentProgress())
      #expect(try Data(contentsOf: target) == Self.content)
      #expect(server.seen.map(\.path) == ["/net.pt"])
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["net.pt"])
    }
  }

  @Test func continuesWhereItEnded() throws {
    // The first answer breaks off; the part is kept, the next request begins there.
    let server = try TinyServer { request, number in
      number == 0
        ? TinyServer.Answer(body: Self.content.prefix(70_000), length: Self.content.count)
        : TinyServer.ranged(Self.content, request)
    }
    defer { server.stop() }
    try withFolder { folder in
      let target = folder.appendingPathComponent("net.pt")
      try download(server.base + "/net.pt").run(to: target, progress: SilentProgress())
      #expect(try Data(contentsOf: target) == Self.content)
      #expect(server.seen.count == 2 && (server.seen.last?.rangeStart ?? 0) > 0)
    }
  }

  @Test func aPartFromBeforeIsContinued() throws {
    let server = try TinyServer(Self.content)
    defer { server.stop() }
    try withFolder { folder in
      let target = folder.appendingPathComponent("net.pt")
      try Self.content.prefix(123_456).write(to: folder.appendingPathComponent("net.pt.part"))
      try download(server.base).run(to: target, progress: SilentProgress())
      #expect(server.seen.map(\.rangeStart) == [123_456])
      #expect(try Data(contentsOf: target) == Self.content)
    }
  }

  @Test func serversWithoutRangesStartAnew() throws {
    let server = try TinyServer { _, _ in TinyServer.Answer(body: Self.content) }
    defer { server.stop() }
    try withFolder { folder in
      let target = folder.appendingPathComponent("net.pt")
      try Self.content.prefix(1000).write(to: folder.appendingPathComponent("net.pt.part"))
      try download(server.base).run(to: target, progress: SilentProgress())
      #expect(try Data(contentsOf: target) == Self.content)
    }
  }

  @Test func aSpoiltPartIsFetchedAnewOnce() throws {
    let server = try TinyServer(Self.content)
    defer { server.stop() }
    try withFolder { folder in
      let target = folder.appendingPathComponent("net.pt")
      try Data(repeating: 7, count: 1000).write(to: folder.appendingPathComponent("net.pt.part"))
      try download(server.base).run(to: target, progress: SilentProgress())
      #expect(try Data(contentsOf: target) == Self.content && server.seen.count == 2)
    }
  }

  @Test func wrongContentIsRefusedAndRemoved() throws {
    let page = Data("<!doctype html><html>Sign in</html>".utf8)
    let server = try TinyServer(page)
    defer { server.stop() }
    try withFolder { folder in
      let target = folder.appendingPathComponent("net.pt")
      let error = failure(try download(server.base, bytes: page.count), to: target)
      guard case DownloadError.digest(_, let expected, _, let look)? = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(expected == Self.digest && (look ?? "").contains("web page"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }
  }

  @Test func tooMuchIsRefusedWhetherAnnouncedOrNot() throws {
    let server = try TinyServer(Self.content)
    defer { server.stop() }
    try withFolder { folder in
      let target = folder.appendingPathComponent("net.pt")
      let error = failure(try download(server.base, bytes: 1000), to: target)
      #expect(
        error as? DownloadError == .tooLarge(url: server.base, announced: Self.content.count, expected: 1000))
      // A server that sends more than it should for a range.
      try Self.content.prefix(500).write(to: folder.appendingPathComponent("net.pt.part"))
      let second = failure(try download(server.base, bytes: 1000), to: target)
      #expect(second as? DownloadError == .tooLarge(url: server.base, announced: nil, expected: 1000))
      #expect(!FileManager.default.fileExists(atPath: target.path))
    }
  }

  @Test func truncatedForGoodKeepsThePart() throws {
    let server = try TinyServer { _, number in
      number == 0
        ? TinyServer.Answer(body: Self.content.prefix(5000), length: Self.content.count)
        : TinyServer.Answer(
          status: 206, headers: ["Content-Range": "bytes 5000-/\(Self.content.count)"], body: Data(), length: 195_000)
    }
    defer { server.stop() }
    try withFolder { folder in
      let error = failure(try download(server.base), to: folder.appendingPathComponent("net.pt"))
      #expect((error as? DownloadError)?.isTransient == true, "\(String(describing: error))")
      #expect(try Data(contentsOf: folder.appendingPathComponent("net.pt.part")) == Self.content.prefix(5000))
    }
  }

  @Test("HTTP errors", arguments: [(404, 1), (403, 1), (500, 4), (429, 4)])
  func status(_ code: Int, requests: Int) throws {
    let server = try TinyServer { _, _ in TinyServer.Answer(status: code, body: Data("no".utf8)) }
    defer { server.stop() }
    try withFolder { folder in
      let error = failure(try download(server.base), to: folder.appendingPathComponent("net.pt"))
      #expect(error as? DownloadError == .status(url: server.base, code: code))
      #expect(server.seen.count == requests)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }
  }

  @Test func redirectsAreFollowedOverHTTPOnly() throws {
    let server = try TinyServer { request, _ in
      switch request.path {
      case "/old": TinyServer.Answer(status: 302, headers: ["Location": "/new"])
      case "/new": TinyServer.Answer(body: Self.content)
      case "/loop": TinyServer.Answer(status: 302, headers: ["Location": "/loop"])
      default: TinyServer.Answer(status: 302, headers: ["Location": "file:///etc/passwd"])
      }
    }
    defer { server.stop() }
    try withFolder { folder in
      let target = folder.appendingPathComponent("net.pt")
      try download(server.base + "/old").run(to: target, progress: SilentProgress())
      #expect(try Data(contentsOf: target) == Self.content)
      for path in ["/loop", "/away"] {
        let error = failure(try download(server.base + path), to: folder.appendingPathComponent("other.pt"))
        #expect(error != nil && !FileManager.default.fileExists(atPath: folder.path + "/other.pt"), "\(path)")
      }
    }
  }

  @Test func noServer() throws {
    let server = try TinyServer(Self.content)
    server.stop()
    try withFolder { folder in
      let error = failure(try download(server.base), to: folder.appendingPathComponent("net.pt"))
      guard case DownloadError.network? = error else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }

  @Test func localFilesAndOtherSchemes() throws {
    try withFolder { folder in
      let source = folder.appendingPathComponent("source.pt")
      try Self.content.write(to: source)
      let target = folder.appendingPathComponent("net.pt")
      try download(source.absoluteString).run(to: target, progress: SilentProgress())
      #expect(try Data(contentsOf: target) == Self.content)
      let other = folder.appendingPathComponent("other.pt")
      #expect(failure(try download("file:///no/such/file"), to: other) is DownloadError)
      #expect(
        failure(try download(source.absoluteString, bytes: 10), to: other) as? DownloadError
          == .tooLarge(url: source.absoluteString, announced: nil, expected: 10))
      #expect(failure(try download("ftp://127.0.0.1/x"), to: other) as? DownloadError == .scheme("ftp://127.0.0.1/x"))
      #expect(failure(try download(folder.absoluteString), to: other) is DownloadError)
    }
  }

  @Test func stoppingKeepsThePart() throws {
    final class Stopping: ProgressReporter {
      let done = Mutex(0)
      func begin(_ name: String, total: Int) {}
      func advance(by units: Int) throws {
        let sum = done.withLock { done in
          done += units
          return done
        }
        if sum > 1000 { throw CancellationError() }
      }
      func note(_ text: String) {}
    }
    let server = try TinyServer(Self.content)
    defer { server.stop() }
    try withFolder { folder in
      let target = folder.appendingPathComponent("net.pt")
      #expect(throws: CancellationError.self) { try download(server.base).run(to: target, progress: Stopping()) }
      let part = try Data(contentsOf: folder.appendingPathComponent("net.pt.part"))
      #expect(!part.isEmpty && part == Self.content.prefix(part.count))
    }
  }

  @Test func twoAtOnceFetchOnce() throws {
    let server = try TinyServer(Self.content)
    defer { server.stop() }
    try withFolder { folder in
      let store = CheckpointStore(cache: folder)
      let url = try #require(URL(string: server.base + "/net.pt"))
      DispatchQueue.concurrentPerform(iterations: 4) { _ in
        let file = try? store.file(
          "net.pt", from: url, bytes: Self.content.count, sha256: Self.digest, progress: SilentProgress())
        #expect(file?.sha256 == Self.digest)
      }
      #expect(server.seen.count == 1)
      // Under another name it is the same file; damaged, it is fetched again.
      let other = try store.file(
        "other.pt", from: url, bytes: Self.content.count, sha256: Self.digest, progress: SilentProgress())
      #expect(other.name == "other.pt" && server.seen.count == 1)
      try Data("x".utf8).write(to: store.folder.appendingPathComponent("\(Self.digest)/net.pt"))
      try FileManager.default.removeItem(at: store.folder.appendingPathComponent("\(Self.digest)/other.pt"))
      _ = try store.file(
        "net.pt", from: url, bytes: Self.content.count, sha256: Self.digest, progress: SilentProgress())
      #expect(server.seen.count == 2)
    }
  }
}
