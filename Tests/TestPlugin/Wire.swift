import Foundation
import JSON

/// The other side of docs/plugin-protocol.md, written from that page and not from the runner's code.
struct Wire {
  struct Frame {
    let header: JSONValue
    let payload: [UInt8]

    var type: String { header["type"]?.stringValue ?? "" }
    var request: Int { header["request"]?.intValue ?? -1 }
  }

  /// Memory that was offered and mapped.
  var memory: UnsafeMutableRawPointer?
  var memoryPath = ""

  /// - Returns: nil where the runner has closed its end.
  func receive() -> Frame? {
    guard let prefix = read(16), prefix[..<4].elementsEqual("PAGS".utf8) else { return nil }
    func number(_ range: Range<Int>) -> Int { range.reversed().reduce(0) { $0 << 8 | Int(prefix[$1]) } }
    guard let header = read(number(4..<8)), let payload = read(number(8..<16)),
      let value = try? JSONDecoding.parse(Data(header), source: "request")
    else { return nil }
    return Frame(header: value, payload: payload)
  }

  /// Any numbers may be declared, whatever follows.
  func send(
    _ json: String, payload: [UInt8] = [], headerBytes: UInt32? = nil, payloadBytes: UInt64? = nil,
    magic: String = "PAGS"
  ) {
    var bytes = Array(magic.utf8)
    withUnsafeBytes(of: (headerBytes ?? UInt32(json.utf8.count)).littleEndian) { bytes += $0 }
    withUnsafeBytes(of: (payloadBytes ?? UInt64(payload.count)).littleEndian) { bytes += $0 }
    write(bytes + Array(json.utf8) + payload)
  }

  func write(_ bytes: [UInt8], to descriptor: Int32 = STDOUT_FILENO) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }

  func say(_ text: String) { write(Array((text + "\n").utf8), to: STDERR_FILENO) }

  /// The request's tensor.
  func tensor(_ frame: Frame) -> (shape: [Int], scalars: [Float]) {
    let shape = frame.header["tensor"]?["shape"]?.arrayValue?.compactMap(\.intValue) ?? []
    let count = shape.reduce(1, *)
    guard let memory, frame.header["tensor"]?["place"]?.stringValue == "shared",
      let offset = frame.header["tensor"]?["offset"]?.intValue
    else { return (shape, frame.payload.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }) }
    return (
      shape, Array(UnsafeBufferPointer(start: (memory + offset).assumingMemoryBound(to: Float.self), count: count))
    )
  }

  func answer(_ frame: Frame, type: String, _ scalars: [Float], shape: [Int]) {
    guard let memory, let offset = frame.header["answerOffset"]?.intValue else {
      return send(
        "{\"type\": \"\(type)\", \"request\": \(frame.request), \"tensor\": {\"shape\": \(shape), \"place\": \"inline\"}}",
        payload: scalars.withUnsafeBytes(Array.init))
    }
    scalars.withUnsafeBytes {
      (memory + offset).copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(memory), byteCount: $0.count)
    }
    send(
      "{\"type\": \"\(type)\", \"request\": \(frame.request), \"tensor\": {\"shape\": \(shape), \"place\": \"shared\", "
        + "\"offset\": \(offset)}}")
  }

  /// Opens the memory that a frame offers.
  mutating func map(_ frame: Frame) -> Bool {
    guard let path = frame.header["path"]?.stringValue, let bytes = frame.header["bytes"]?.intValue,
      let token = frame.header["token"]?.stringValue
    else { return false }
    let descriptor = open(path, O_RDWR)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    guard let address = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), address != MAP_FAILED,
      UnsafeRawBufferPointer(start: address, count: 32).elementsEqual(token.utf8)
    else { return false }
    memory = address
    memoryPath = path
    return true
  }

  private func read(_ count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    var filled = 0
    while filled < count {
      let got = bytes.withUnsafeMutableBytes {
        Foundation.read(STDIN_FILENO, $0.baseAddress.map { $0 + filled }, count - filled)
      }
      guard got > 0 else { return nil }
      filled += got
    }
    return bytes
  }
}
