import Foundation
import Synchronization

/// An HTTP server for one file, on a port of the system's choice, that answers as it is told.
final class TinyServer: Sendable {
  struct Request: Sendable {
    let path: String
    /// First byte asked for by `Range`.
    let rangeStart: Int?
  }

  struct Answer: Sendable {
    var status = 200
    var headers: [String: String] = [:]
    var body = Data()
    /// Announced; nil for the body's own size.
    var length: Int?
  }

  let port: UInt16
  private let descriptor: Int32
  private let requests = Mutex<[Request]>([])
  private let answer: @Sendable (Request, _ number: Int) -> Answer

  /// All requests so far.
  var seen: [Request] { requests.withLock { $0 } }

  var base: String { "http://127.0.0.1:\(port)" }

  /// - Parameter answer: given the request and how many came before it.
  init(answer: @escaping @Sendable (Request, Int) -> Answer) throws {
    self.answer = answer
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let socket = descriptor
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, length) == 0 && listen(socket, 16) == 0 && getsockname(socket, $0, &length) == 0
      }
    }
    guard bound else { throw POSIXError(.EADDRNOTAVAIL) }
    port = UInt16(bigEndian: address.sin_port)
    Thread.detachNewThread { [self] in
      // Closed where nothing is accepted any more: its number is the next server's, whose requests this one would answer.
      defer { close(descriptor) }
      while true {
        let connection = accept(descriptor, nil, nil)
        guard connection >= 0 else { break }
        serve(connection)
        close(connection)
      }
    }
  }

  /// A server of these bytes that knows ranges.
  convenience init(_ content: Data) throws {
    try self.init { request, _ in Self.ranged(content, request) }
  }

  static func ranged(_ content: Data, _ request: Request) -> Answer {
    guard let start = request.rangeStart else { return Answer(body: content) }
    return Answer(
      status: 206, headers: ["Content-Range": "bytes \(start)-\(content.count - 1)/\(content.count)"],
      body: content.dropFirst(start))
  }

  func stop() {
    shutdown(descriptor, Int32(SHUT_RDWR))
  }

  private func serve(_ connection: Int32) {
    var received = Data()
    var buffer = [UInt8](repeating: 0, count: 4096)
    while received.range(of: Data("\r\n\r\n".utf8)) == nil {
      let count = recv(connection, &buffer, buffer.count, 0)
      guard count > 0 else { return }
      received.append(contentsOf: buffer[..<count])
    }
    let text = String(decoding: received, as: UTF8.self)
    let path = text.split(separator: " ").dropFirst().first.map(String.init) ?? ""
    let range = text.firstMatch(of: /(?i)range: bytes=(\d+)-/).flatMap { Int($0.1) }
    let request = Request(path: path, rangeStart: range)
    let number = requests.withLock { requests in
      requests.append(request)
      return requests.count - 1
    }
    let answer = answer(request, number)
    var head = "HTTP/1.1 \(answer.status) Answer\r\nConnection: close\r\n"
    head += "Content-Length: \(answer.length ?? answer.body.count)\r\n"
    for (name, value) in answer.headers { head += "\(name): \(value)\r\n" }
    let bytes = Data((head + "\r\n").utf8) + answer.body
    bytes.withUnsafeBytes { raw in
      var sent = 0
      while sent < raw.count {
        let count = send(connection, raw.baseAddress.map { $0 + sent }, raw.count - sent, Int32(MSG_NOSIGNAL))
        guard count > 0 else { return }
        sent += count
      }
    }
  }
}
