import BenchCore
import Foundation
import Synchronization
import Text

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// Fetches one file whose size and digest are known, over https or http, or from a `file://` place.
///
/// Bytes go to `<target>.part`, which a later attempt continues with an HTTP range; the file appears at its place only with the
/// right size and digest.
package struct Download: Sendable {
  package let url: URL
  package let bytes: Int
  /// 64 lower-case hexadecimal digits.
  package let sha256: String
  /// How often it is tried again without any byte having come.
  package var attempts = 4
  /// Before the second attempt; doubled for each further one.
  package var pause = Duration.seconds(1)
  /// How long nothing may come.
  package var idleLimit = 60.0

  package init(url: URL, bytes: Int, sha256: String) {
    self.url = url
    self.bytes = bytes
    self.sha256 = sha256
  }

  /// - Parameter progress: told of each byte; what it throws stops the download, whose part is kept.
  /// - Throws: `DownloadError`, `CancellationError`.
  package func run(to target: URL, progress: any ProgressReporter) throws {
    let part = URL(fileURLWithPath: target.path + ".part")
    // A second process waits and then finds the file.
    let file = try PartFile(part)
    defer { file.close() }
    if FileManager.default.fileExists(atPath: target.path) { return }
    progress.begin("fetching \(target.lastPathComponent)", total: bytes)
    if file.count > bytes { try file.truncate() }
    var continued = file.count > 0
    try progress.advance(by: file.count)
    while true {
      if file.count < bytes { try fill(file, progress: progress) }
      let digest = try file.sha256()
      if digest == sha256 { break }
      let look = file.head()
      try file.truncate()
      // A part of another version of the file spoils it once.
      guard continued else {
        file.remove()
        throw DownloadError.digest(url: url.absoluteString, expected: sha256, got: digest, look: look)
      }
      continued = false
    }
    try file.become(target)
  }

  private func fill(_ file: PartFile, progress: any ProgressReporter) throws {
    var (failures, wait) = (0, pause)
    while file.count < bytes {
      let before = file.count
      do {
        try attempt(file, progress: progress)
        guard file.count < bytes else { return }
        throw DownloadError.truncated(url: url.absoluteString, got: file.count, expected: bytes)
      } catch let error as DownloadError where error.isTransient {
        failures = file.count > before ? 1 : failures + 1
        if file.count > before { wait = pause }
        guard failures < attempts else { throw error }
        progress.note("\(error); trying again")
        try sleep(wait, progress: progress)
        wait = wait * 2
      }
    }
  }

  private func sleep(_ duration: Duration, progress: any ProgressReporter) throws {
    let end = ContinuousClock.now + duration
    while ContinuousClock.now < end {
      try progress.advance(by: 0)
      Thread.sleep(forTimeInterval: 0.05)
    }
  }

  private func attempt(_ file: PartFile, progress: any ProgressReporter) throws {
    switch url.scheme?.lowercased() {
    case "file": try copy(url, to: file, progress: progress)
    case "http", "https": try fetch(into: file, progress: progress)
    default: throw DownloadError.scheme(url.absoluteString)
    }
  }

  private func copy(_ source: URL, to file: PartFile, progress: any ProgressReporter) throws {
    guard let handle = try? FileHandle(forReadingFrom: source) else {
      throw DownloadError.unreadable(url: url.absoluteString, reason: "there is no such file, or it may not be read")
    }
    defer { try? handle.close() }
    do {
      try handle.seek(toOffset: UInt64(file.count))
      while let data = try handle.read(upToCount: 1 << 20), !data.isEmpty {
        try append(data, to: file)
        try progress.advance(by: data.count)
      }
    } catch let error as DownloadError { throw error } catch let error as CancellationError { throw error } catch {
      throw DownloadError.unreadable(url: url.absoluteString, reason: error.localizedDescription)
    }
    guard file.count == bytes else {
      let got = file.count
      try file.truncate()
      throw DownloadError.size(url: url.absoluteString, got: got, expected: bytes)
    }
  }

  private func append(_ data: Data, to file: PartFile) throws {
    guard file.count + data.count <= bytes else {
      try file.truncate()
      throw DownloadError.tooLarge(url: url.absoluteString, announced: nil, expected: bytes)
    }
    try file.append(data)
  }

  private func fetch(into file: PartFile, progress: any ProgressReporter) throws {
    var request = URLRequest(url: url, cachePolicy: .reloadIgnoringLocalCacheData, timeoutInterval: idleLimit)
    // Compressed on the way, the file would have other bytes at the offsets that a range means.
    request.setValue("identity", forHTTPHeaderField: "Accept-Encoding")
    request.setValue("pags-bench", forHTTPHeaderField: "User-Agent")
    if file.count > 0 { request.setValue("bytes=\(file.count)-", forHTTPHeaderField: "Range") }
    let transfer = HTTPTransfer(start: file.count, expected: bytes, url: url.absoluteString) { data, start in
      if start != file.count { try file.truncate() }
      try self.append(data, to: file)
      try progress.advance(by: data.count)
    }
    let configuration = URLSessionConfiguration.ephemeral
    configuration.timeoutIntervalForRequest = idleLimit
    configuration.urlCache = nil
    configuration.httpCookieStorage = nil
    let session = URLSession(configuration: configuration, delegate: transfer, delegateQueue: nil)
    defer { session.invalidateAndCancel() }
    let task = session.dataTask(with: request)
    task.resume()
    while !transfer.wait(0.1) {
      do { try progress.advance(by: 0) } catch {
        task.cancel()
        throw error
      }
    }
    if let error = transfer.failure { throw error }
  }
}

/// What happens to one HTTP request, told by the session's own thread.
private final class HTTPTransfer: NSObject, URLSessionDataDelegate {
  private let ended = DispatchSemaphore(value: 0)
  private let error = Mutex<(any Error)?>(nil)
  /// Where the answer's first byte belongs: the requested offset, or 0 where the server does not know ranges.
  private let offset: Mutex<Int>
  private let redirects = Mutex(0)
  private let expected: Int
  private let url: String
  private let receive: @Sendable (Data, _ start: Int) throws -> Void
  private static let largestRedirects = 10

  init(start: Int, expected: Int, url: String, receive: @escaping @Sendable (Data, Int) throws -> Void) {
    offset = Mutex(start)
    self.expected = expected
    self.url = url
    self.receive = receive
  }

  var failure: (any Error)? { error.withLock { $0 } }

  /// - Returns: whether it has ended.
  func wait(_ seconds: Double) -> Bool { ended.wait(timeout: .now() + seconds) == .success }

  private func fail(_ failure: any Error) { error.withLock { $0 = $0 ?? failure } }

  func urlSession(
    _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
    newRequest request: URLRequest, completionHandler: @escaping (URLRequest?) -> Void
  ) {
    let count = redirects.withLock { count in
      count += 1
      return count
    }
    guard ["http", "https"].contains(request.url?.scheme?.lowercased() ?? ""), count <= Self.largestRedirects else {
      fail(DownloadError.redirect(url: url, to: request.url?.absoluteString ?? "nowhere"))
      return completionHandler(nil)
    }
    completionHandler(request)
  }

  func urlSession(
    _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
    completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
  ) {
    guard failure == nil, let response = response as? HTTPURLResponse else { return completionHandler(.cancel) }
    let start = offset.withLock { $0 }
    switch response.statusCode {
    case 200:
      offset.withLock { $0 = 0 }
      // -1 where the server does not say.
      if response.expectedContentLength > Int64(expected) {
        fail(DownloadError.tooLarge(url: url, announced: Int(response.expectedContentLength), expected: expected))
      }
    case 206:
      let range = response.value(forHTTPHeaderField: "Content-Range") ?? ""
      if !range.hasPrefix("bytes \(start)-") {
        fail(DownloadError.network(url: url, reason: "the server answers with `\(PlainText.shown(range))`"))
      }
    default: fail(DownloadError.status(url: url, code: response.statusCode))
    }
    completionHandler(failure == nil ? .allow : .cancel)
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    guard failure == nil else { return }
    let start = offset.withLock { offset in
      defer { offset += data.count }
      return offset
    }
    do { try receive(data, start) } catch {
      fail(error)
      dataTask.cancel()
    }
  }

  func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
    if let error { fail(DownloadError.network(url: url, reason: error.localizedDescription)) }
    ended.signal()
  }
}
